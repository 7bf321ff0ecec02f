import type { PaceName } from '../../stack/pace.ts';
import { RuntimeUnavailable } from '../errors.ts';
import type { LabPaths } from '../state/paths.ts';
import { createEmbeddedRuntime } from './embedded/embedded-runtime.ts';
import type { Runtime } from './runtime.ts';

export type RuntimeChoice = 'auto' | 'docker' | 'embedded';

/** What both runtimes are made from. */
export interface RuntimeOptions {
  readonly name: string;
  readonly paths: LabPaths;
  /** The project's folder. */
  readonly root: string;
  /** `undefined`: what the lab was started with, `lab` for a new one. */
  readonly pace: PaceName | undefined;
  readonly native: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A line that a person should read (why this runtime, which ports). */
  readonly note: (text: string) => void;
}

/**
 * The runtime for this lab. `docker` is not available yet, so `auto` is the embedded one; the Docker runtime is to be
 * loaded here by a dynamic import, so that the embedded path never pays for it.
 */
export async function createRuntime(options: RuntimeOptions & { choice: RuntimeChoice }): Promise<Runtime> {
  if (options.choice === 'docker') {
    throw new RuntimeUnavailable(
      'docker',
      'it is not part of this version yet',
      'Use the embedded one: --runtime embedded',
    );
  }
  return createEmbeddedRuntime(options);
}
