import type { ComponentId, ComponentState, RunningLab } from '../runtime/runtime.ts';

export async function stateOf(lab: RunningLab, target: ComponentId): Promise<ComponentState> {
  return (await lab.status()).find(({ id }) => id === target)?.state ?? 'missing';
}

/** Whether there is no process that could be asked. */
export const isDown = (state: ComponentState): boolean =>
  state === 'stopped' || state === 'crashed' || state === 'missing';
