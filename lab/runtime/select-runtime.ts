import { RuntimeMismatch, RuntimeUnavailable } from '../errors.ts';
import { readLabState } from '../state/lab-state.ts';
import { AutoRuntime } from './auto-runtime.ts';
import { createEmbeddedRuntime } from './embedded/embedded-runtime.ts';
import type { Runtime, RuntimeKind, RuntimeOptions } from './runtime.ts';

export type RuntimeChoice = 'auto' | 'docker' | 'embedded';

/**
 * The runtime for this lab: the one it already runs on, or what was asked for. `auto` is docker where an engine answers
 * and its images can be had, and embedded elsewhere, and says why. The Docker runtime is loaded only when it is used.
 */
export async function createRuntime(options: RuntimeOptions & { choice: RuntimeChoice }): Promise<Runtime> {
  const { choice } = options;
  const recorded = recordedRuntime(options.paths.stateFile);
  if (recorded !== undefined && choice !== 'auto' && choice !== recorded) {
    throw new RuntimeMismatch('runtime', recorded, choice);
  }
  const wanted = recorded ?? choice;
  // `--native` is about processes of this machine.
  if (wanted === 'embedded' || (wanted === 'auto' && options.native)) return createEmbeddedRuntime(options);
  const { connectEngine } = await import('./docker/engine.ts');
  const { createDockerRuntime } = await import('./docker/docker-runtime.ts');
  if (wanted === 'docker') return createDockerRuntime(await connectEngine(options.environment), options);
  const embedded = (): Runtime => createEmbeddedRuntime(options);
  try {
    const engine = await connectEngine(options.environment);
    const why = `Runtime docker: engine ${engine.version} answers (--runtime embedded needs none).`;
    return new AutoRuntime(createDockerRuntime(engine, options), embedded, why, options.note);
  } catch (error) {
    if (!(error instanceof RuntimeUnavailable)) throw error;
    return new AutoRuntime(embedded(), embedded, 'Runtime embedded: no Docker engine answers.', options.note);
  }
}

/** The runtime that this lab was started on; undefined when it has no state, or one that cannot be read. */
function recordedRuntime(stateFile: string): RuntimeKind | undefined {
  try {
    return readLabState(stateFile)?.runtime;
  } catch {
    // `down` must work with a corrupt state; every other command reports it when it reads the state.
    return undefined;
  }
}
