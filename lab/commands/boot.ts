import type { LabContext } from '../context.ts';
import { FaultJournal } from '../faults/journal.ts';
import type { ComponentStatus, RunningLab } from '../runtime/runtime.ts';
import { createProgressView } from '../ui/progress.ts';

/** Starts whatever of the lab is missing, with its progress shown. */
export async function bootLab(context: LabContext): Promise<RunningLab> {
  const runtime = await context.runtime();
  const view = await createProgressView(context.ui, `Starting the lab "${context.name}"`);
  try {
    return await runtime.up({ signal: context.signal, onProgress: view.onProgress });
  } finally {
    await view.close();
  }
}

/**
 * The lab of an exercise that is taken up again. What it lacks is started, but where that is only what was broken on
 * purpose: to start it would end the break, and say which it was.
 */
export async function bootLabAgain(context: LabContext): Promise<RunningLab> {
  const lab = await (await context.runtime()).attach();
  const broken = new FaultJournal(context.paths.faultsFile).read().faults.map(({ target }) => target);
  if (lab !== undefined && lacksOnly(await lab.status(), broken)) return lab;
  return bootLab(context);
}

/** Whether all run but these. One that runs and is not ready may wait for what is broken. */
export function lacksOnly(components: readonly ComponentStatus[], broken: readonly string[]): boolean {
  return components.every(({ id, state }) => ['running', 'starting'].includes(state) || broken.includes(id));
}
