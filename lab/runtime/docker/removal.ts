import type Docker from 'dockerode';
import type { ProgressEvent } from '../runtime.ts';
import { tolerating } from './engine.ts';
import { componentLabel, imageLabel, labLabel, ofLab, stageImage } from './labels.ts';

/**
 * Removes every container, network and (unless kept) volume that bears the lab's label. Everything is tried; the first
 * failure is thrown at the end.
 */
export async function removeLab(
  docker: Docker,
  lab: string,
  options: {
    readonly keepData: boolean;
    readonly report?: (component: string) => (phase: ProgressEvent['phase']) => void;
  },
): Promise<void> {
  const failures: unknown[] = [];
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      // 404: gone already. 409: its removal is under way, or something still uses it, which the next attempt sees.
      await tolerating([404, 409], work);
    } catch (error) {
      failures.push(error);
    }
  };
  const filters = ofLab(lab);
  const containers = (await tolerating([], () => docker.listContainers({ all: true, filters }))) ?? [];
  await Promise.all(
    containers.map(async ({ Id: id, Labels: labels }) => {
      const report = options.report?.(labels[componentLabel] ?? '');
      report?.('stopping');
      await attempt(() => docker.getContainer(id).remove({ force: true, v: true }));
      report?.('stopped');
    }),
  );
  const networks = (await tolerating([], () => docker.listNetworks({ filters }))) ?? [];
  for (const { Id: id } of networks) await attempt(() => docker.getNetwork(id).remove());
  if (!options.keepData) {
    const volumes = (await tolerating([], () => docker.listVolumes({ filters })))?.Volumes ?? [];
    for (const { Name: name } of volumes) await attempt(() => docker.getVolume(name).remove());
  }
  if (failures.length > 0) throw failures[0];
}

/** Removes the images that the lab built, unless a container of some lab still stands on them. */
export async function removeUnusedImages(docker: Docker): Promise<void> {
  const used = new Set(
    (
      (await tolerating([], () => docker.listContainers({ all: true, filters: { label: [labLabel] } }))) ?? []
    ).map(({ ImageID: id }) => id),
  );
  const images = (await tolerating([], () => docker.listImages({ filters: { label: [imageLabel] } }))) ?? [];
  for (const { Id: id } of images) {
    if (used.has(id)) continue;
    // 409: another command builds on it at this moment; its own `down` removes it.
    await tolerating([404, 409], () => docker.getImage(id).remove({ noprune: false }));
  }
  await removeBuildStages(docker);
}

/** A stage that nothing was kept of stays behind as an image without a name. */
export async function removeBuildStages(docker: Docker): Promise<void> {
  await tolerating([], () =>
    docker.pruneImages({ filters: { dangling: ['true'], label: [`${imageLabel}=${stageImage}`] } }),
  );
}
