import type { Runtime } from '../runtime.ts';
import type { RuntimeOptions } from '../select-runtime.ts';

/** Components as child processes of nobody: they outlive the command that started them. */
export function createEmbeddedRuntime(_options: RuntimeOptions): Runtime {
  throw new Error('the embedded runtime is being written');
}
