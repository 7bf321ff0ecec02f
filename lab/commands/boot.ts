import type { LabContext } from '../context.ts';
import type { RunningLab } from '../runtime/runtime.ts';

/** Starts whatever of the lab is missing, with a line for each component that is ready. */
export async function bootLab(context: LabContext): Promise<RunningLab> {
  const runtime = await context.runtime();
  const began = Date.now();
  const ready: string[] = [];
  const lab = await runtime.up({
    signal: context.signal,
    onProgress: ({ component, phase, elapsedMs, message }) => {
      if (phase === 'failed') context.ui.note(`${component} failed: ${message ?? 'no reason given'}`);
      if (phase === 'ready') ready.push(`${component} ${(elapsedMs / 1000).toFixed(1)} s`);
    },
  });
  if (ready.length > 0) {
    context.ui.note(
      `The lab runs after ${((Date.now() - began) / 1000).toFixed(1)} s (${ready.join(', ')}).`,
    );
  }
  return lab;
}
