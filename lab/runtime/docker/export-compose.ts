import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type PaceName, paces } from '../../../stack/pace.ts';
import { type Component, imageOf } from '../../../stack/topology.ts';
import { NotWritable, UsageError } from '../../errors.ts';
import { createCredentials } from '../../state/credentials.ts';
import { makeFolder } from '../../state/make-folder.ts';
import { pinnedOffset, wantedPorts } from '../ports.ts';
import { renderConfig } from '../render-config.ts';
import { composeFile } from './compose.ts';
import { dockerPlacement } from './docker-placement.ts';
import { isLabService } from './plan.ts';
import { planServiceImage } from './service-image.ts';

export interface ExportOptions {
  readonly root: string;
  readonly lab: string;
  readonly pace: PaceName;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The folder to write: new, empty, or an earlier export, which is replaced. */
  readonly directory: string;
}

/**
 * Writes everything that `docker compose up` needs into one folder: the compose file, the rendered config and the build
 * context of the services. Needs no engine. Returns the path of the compose file.
 */
export function exportCompose(components: readonly Component[], options: ExportOptions): string {
  const { root, lab, environment, directory } = options;
  const portOffset = pinnedOffset(environment, wantedPorts(components)) ?? 0;
  const at = dockerPlacement({
    pace: paces[options.pace],
    portOffset,
    publishedHost: '127.0.0.1',
    secrets: createCredentials(),
    environment,
  });
  const nodeComponent = components.find(isLabService);
  const service = planServiceImage(
    root,
    nodeComponent === undefined ? 'node:24-alpine' : imageOf(nodeComponent, environment),
  );
  removeEarlierExport(directory);
  try {
    makeFolder(directory);
  } catch (error) {
    throw new NotWritable(directory, (error as NodeJS.ErrnoException).code ?? String(error), {
      cause: error,
    });
  }
  renderConfig(components, {
    source: join(root, 'stack'),
    directory: join(directory, 'config'),
    placement: () => at,
    written: {},
  });
  for (const { path, content } of service.entries) {
    const target = join(directory, 'services', path);
    makeFolder(dirname(target));
    writeFileSync(target, content);
  }
  const file = join(directory, 'compose.yaml');
  const text = composeFile(components, {
    lab,
    at,
    portOffset,
    publishOn: '127.0.0.1',
    postgresPrimary: 'postgres-primary',
    imageFor: (component) => (isLabService(component) ? service.tag : imageOf(component, environment)),
    configPath: './config',
    buildContext: './services',
    nodeImage: service.nodeImage,
  });
  // It carries the passwords of this lab.
  writeFileSync(file, text, { mode: 0o600 });
  chmodSync(file, 0o600);
  // The images have users of their own, who have to read what a careful umask would keep from them. That nobody else
  // does is up to the folder above.
  chmodSync(directory, 0o700);
  for (const name of ['config', 'services']) makeReadable(join(directory, name));
  return file;
}

function makeReadable(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
}

/** Removes an earlier export. `LAB_USAGE` where the folder holds anything else: it may be somebody's home. */
export function removeEarlierExport(directory: string): void {
  if (!existsSync(directory)) return;
  const entries = readdirSync(directory);
  const own = entries.every((name) => ['compose.yaml', 'config', 'services'].includes(name));
  const head = entries.includes('compose.yaml') ? readFileSync(join(directory, 'compose.yaml'), 'utf8') : '';
  if (entries.length > 0 && !(own && head.startsWith('# Generated from stack/topology.ts'))) {
    throw new UsageError(
      `--output ${directory} holds files that are no earlier export.`,
      'Name a new or an empty folder.',
    );
  }
  rmSync(directory, { recursive: true, force: true });
}
