import type { LabContext } from '../context.ts';
import type { RunningLab } from '../runtime/runtime.ts';
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
