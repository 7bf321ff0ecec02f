import type { Command } from 'commander';
import type { LabContext } from '../context.ts';

/** `up`: starts whatever of the lab is missing and waits until all is ready. */
export function register(program: Command, context: LabContext): void {
  program
    .command('up')
    .description('start the lab, or what is missing of it')
    .action(async () => {
      const runtime = await context.runtime();
      await runtime.up({
        signal: context.signal,
        onProgress: (e) => context.ui.note(`${e.component} ${e.phase} ${e.elapsedMs} ${e.message ?? ''}`),
      });
    });
}
