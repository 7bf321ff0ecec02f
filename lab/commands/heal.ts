import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { markOnDashboards } from '../observe/mark.ts';
import { openWorkshop } from '../workshop.ts';
import { notWell } from './status.ts';

/** `heal`: reverts every fault, journalled or not, and stops the traffic. */
export function register(program: Command, context: LabContext): void {
  program
    .command('heal')
    .description('revert every fault and stop the traffic')
    .action(async () => {
      const workshop = await openWorkshop(context);
      const { reverted } = await workshop.healEverything();
      if (reverted.length > 0) {
        await markOnDashboards(
          workshop.backends,
          { text: 'Fix: everything was healed', tags: ['fix'] },
          { signal: context.signal, note: context.ui.note },
        );
      }
      const troubled = notWell(await workshop.lab.status());
      context.ui.result({ reverted }, () =>
        context.ui.line(troubled ?? (reverted.length === 0 ? 'Nothing is broken.' : 'All is well again.')),
      );
    });
}
