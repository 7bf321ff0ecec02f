import type { Command } from 'commander';
import type { LabContext } from '../context.ts';

/** `down`: stops every component and removes what the lab wrote. */
export function register(program: Command, context: LabContext): void {
  program
    .command('down')
    .description('stop the lab and remove its data')
    .option('--keep-data', 'keep .lab/<name>')
    .action(async (options: { keepData?: boolean }) => {
      const runtime = await context.runtime();
      await runtime.down({ keepData: options.keepData ?? false });
    });
}
