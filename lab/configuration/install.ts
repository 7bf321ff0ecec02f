import { ComponentNotReady, ConfigRejected, LabError } from '../errors.ts';
import type { ComponentId, RunningLab } from '../runtime/runtime.ts';
import { activate, readsWhenStarted } from './activate.ts';
import { assertConfigContent } from './config-file.ts';

/** New contents by path; undefined removes a file. */
export type ConfigContents = Readonly<Record<string, string | undefined>>;

/**
 * Gives a component other files and makes it read them. When it does not take them, it gets its old ones back and the
 * error has the component's own words.
 * @throws LAB_CONFIG_INVALID, LAB_CONFIG_REJECTED, LAB_COMPONENT_NOT_READY
 */
export async function installConfig(
  lab: RunningLab,
  component: ComponentId,
  contents: ConfigContents,
  signal?: AbortSignal,
): Promise<void> {
  for (const [path, content] of Object.entries(contents)) {
    if (content !== undefined) assertConfigContent(path, content);
  }
  const before = Object.fromEntries(Object.keys(contents).map((path) => [path, lab.readConfig(path)]));
  const changed = Object.entries(contents).filter(([path, content]) => before[path] !== content);
  if (changed.length === 0) return;
  await assertReady(lab, component);
  signal?.throwIfAborted();
  for (const [path, content] of changed) await lab.writeConfig(component, path, content);
  try {
    await activate(lab, component);
  } catch (error) {
    for (const [path] of changed) await lab.writeConfig(component, path, before[path]);
    await activate(lab, component);
    const words = error instanceof LabError ? error.message : String(error);
    throw new ConfigRejected(component, changed.map(([path]) => path).join(', '), words, { cause: error });
  }
}

/**
 * Gives a component these files back, whatever it does at the moment: one that runs reads them now, another when it is
 * started.
 */
export async function restoreConfig(
  lab: RunningLab,
  component: ComponentId,
  contents: ConfigContents,
): Promise<void> {
  for (const [path, content] of Object.entries(contents)) {
    if (lab.readConfig(path) !== content) await lab.writeConfig(component, path, content);
  }
  const status = (await lab.status()).find(({ id }) => id === component);
  // One that was told to stop stays so. Any other is wanted, also when a killed command left it between stop and start.
  if (status?.state === 'running' || (status?.state === 'crashed' && readsWhenStarted(component))) {
    await activate(lab, component);
  }
}

async function assertReady(lab: RunningLab, component: ComponentId): Promise<void> {
  const status = (await lab.status()).find(({ id }) => id === component);
  if (status?.state === 'running' && status.ready) return;
  throw new ComponentNotReady(component, status?.state ?? 'missing');
}
