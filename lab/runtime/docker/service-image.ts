import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type Docker from 'dockerode';
import { BuildMissing, EngineDiskFull, ImageBuildFailed } from '../../errors.ts';
import { type ArchiveEntry, archive } from './archive.ts';
import { asLabFailure, isDiskFull } from './engine.ts';
import { hasImage } from './images.ts';
import { imageLabel } from './labels.ts';
import { removeBuildStages } from './removal.ts';
import { serviceDockerfile } from './service-dockerfile.ts';

const repository = 'break-and-observe/services';
const bundles = ['gateway.cjs', 'api.cjs', 'inbox.cjs'];
/** What the bundles leave to `require`, because OpenTelemetry patches it there (scripts/build.mjs). */
const externals = ['express', 'pg'];

export interface ServiceImage {
  readonly tag: string;
  readonly entries: readonly ArchiveEntry[];
  readonly nodeImage: string;
}

/**
 * Collects what the service image is made of: the bundles, the packages they require with all of theirs, the runbooks.
 * The tag is a hash over all of it, so an image that exists is the right one. `LAB_BUILD_MISSING` without a build.
 */
export function planServiceImage(root: string, nodeImage: string): ServiceImage {
  const entries: ArchiveEntry[] = [{ path: 'Dockerfile', content: serviceDockerfile }];
  for (const bundle of bundles) {
    const file = join(root, 'dist', bundle);
    if (!existsSync(file)) throw new BuildMissing(file);
    entries.push({ path: `app/${bundle}`, content: readFileSync(file) });
  }
  for (const folder of dependencyFolders(root, externals)) {
    for (const file of filesBelow(folder)) {
      const path = relative(join(root, 'node_modules'), file);
      entries.push({ path: `app/node_modules/${path}`, content: readFileSync(file) });
    }
  }
  for (const file of filesBelow(join(root, 'stack', 'runbooks'))) {
    entries.push({
      path: `app/runbooks/${relative(join(root, 'stack', 'runbooks'), file)}`,
      content: readFileSync(file),
    });
  }
  const hash = createHash('sha256').update(nodeImage);
  for (const { path, content } of entries) hash.update(`${path}\0`).update(content).update('\0');
  return { tag: `${repository}:${hash.digest('hex').slice(0, 12)}`, entries, nodeImage };
}

/** The packages and all they depend on, as folders of the project's `node_modules`. */
function dependencyFolders(root: string, names: readonly string[]): string[] {
  const modules = realpathSync(join(root, 'node_modules'));
  const found = new Set<string>();
  const visit = (name: string, from: string, optional: boolean): void => {
    const folder = resolveFolder(name, from, modules);
    if (folder === undefined) {
      if (optional) return;
      throw new BuildMissing(join(modules, name));
    }
    if (found.has(folder)) return;
    found.add(folder);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
      optionalDependencies?: Record<string, string>;
    };
    const optionals = Object.keys(manifest.optionalDependencies ?? {});
    for (const dependency of Object.keys(manifest.dependencies ?? {})) {
      visit(dependency, folder, optionals.includes(dependency));
    }
    for (const dependency of optionals) visit(dependency, folder, true);
  };
  for (const name of names) visit(name, modules, false);
  return [...found].map((folder) => join(root, 'node_modules', relative(modules, folder))).sort();
}

/** Node's own way up: the nearest `node_modules` that has the package. */
function resolveFolder(name: string, from: string, modules: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const candidate = at === modules ? join(modules, name) : join(at, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (at === modules || at === dirname(at)) return undefined;
  }
}

/** Files of a package, without packages nested in it (they are visited by themselves) and without what only people read. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !/\.(map|ts|mts|cts)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !relative(folder, file).split('/').includes('node_modules'))
    .sort();
}

/** Builds the image unless the engine has it. `LAB_IMAGE_BUILD_FAILED` with the builder's last words. */
export async function ensureServiceImage(
  docker: Docker,
  image: ServiceImage,
  onProgress: (message: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  if (await hasImage(docker, image.tag)) return;
  const labels = { [imageLabel]: 'services' };
  let lastLine = '';
  try {
    const context = await archive(image.entries);
    const stream = await docker.buildImage(context as unknown as NodeJS.ReadableStream, {
      t: image.tag,
      labels,
      buildargs: { NODE_IMAGE: image.nodeImage },
      rm: true,
      forcerm: true,
      ...(signal === undefined ? {} : { abortSignal: signal }),
    });
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(
        stream,
        (error) => (error ? reject(error) : resolve()),
        (event: { stream?: string; error?: string }) => {
          if (event.error !== undefined) reject(new Error(event.error));
          const line = event.stream?.trim();
          if (line === undefined || line === '') return;
          lastLine = line;
          onProgress(line);
        },
      );
    });
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    const failure = asLabFailure(error);
    if (failure !== error) throw failure;
    const reason = (error as Error).message.trim();
    if (isDiskFull(reason)) throw new EngineDiskFull(image.tag, reason, { cause: error });
    throw new ImageBuildFailed(image.tag, `${reason}; last step: ${lastLine}`, {
      cause: error,
    });
  } finally {
    await removeBuildStages(docker);
  }
}
