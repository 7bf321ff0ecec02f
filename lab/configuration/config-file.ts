import { ConfigInvalid } from '../errors.ts';
import type { ComponentId } from '../runtime/runtime.ts';

/** A file that a component of the lab reads; `path` is relative to `stack/`: `prometheus/rules/alerts.yml`. */
export interface ConfigFile {
  readonly component: ComponentId;
  readonly path: string;
}

/** The components whose files can be replaced while the lab runs. */
export const configurable: readonly ComponentId[] = ['prometheus', 'alertmanager', 'loki', 'jaeger'];

/** A file of rules or routes that a person writes is far smaller. */
export const maxConfigBytes = 1_048_576;

/** Refuses what is wrong for every backend: an empty file, or one that is too large. */
export function assertConfigContent(path: string, content: string): void {
  if (content.trim() === '') {
    throw new ConfigInvalid(path, 'it is empty', 'Write what the component should do');
  }
  assertConfigSize(path, Buffer.byteLength(content));
  const nul = content.indexOf('\0');
  if (nul >= 0) {
    throw new ConfigInvalid(path, `byte ${nul} is zero, so it is not text`, 'Save it as UTF-8');
  }
}

/** Bytes. */
export function assertConfigSize(path: string, bytes: number): void {
  if (bytes <= maxConfigBytes) return;
  throw new ConfigInvalid(
    path,
    `it has ${(bytes / maxConfigBytes).toFixed(1)} MiB, at most 1 MiB is taken`,
    'Shorten it',
  );
}
