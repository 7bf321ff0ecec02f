import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { declaredPrimary, failback, repoint } from '../failover/failover.ts';
import { Workshop } from '../workshop.ts';

/** `repoint` and `failback`: what follows a promotion. */
export function register(program: Command, context: LabContext): void {
  program
    .command('repoint')
    .description('point the API at the database that takes writes now, one replica after the other')
    .action(async () => {
      const { ui, signal } = context;
      const workshop = new Workshop(context, await context.running());
      const primary = await workshop.lab.primary();
      const replicas = await repoint(workshop.lab, {
        signal,
        onStep: (replica) => ui.note(`${replica} writes to ${primary}, ready`),
      });
      workshop.events.append({
        kind: 'repoint',
        actor: 'learner',
        text: `The API writes to ${primary}`,
        details: { primary },
      });
      ui.result({ primary, replicas }, () =>
        ui.line(
          replicas.length === 0 ? `The API writes to ${primary} already.` : `The API writes to ${primary}.`,
        ),
      );
    });
  program
    .command('failback')
    .description(`give ${declaredPrimary} its role back: as a standby it catches up, then it is promoted`)
    .action(async () => {
      const { ui } = context;
      const workshop = new Workshop(context, await context.running());
      const changed = await failback(workshop.lab);
      if (changed)
        workshop.events.append({
          kind: 'failback',
          actor: 'learner',
          text: `${declaredPrimary} is the primary again`,
        });
      ui.result({ primary: declaredPrimary, changed }, () =>
        ui.line(
          changed ? `${declaredPrimary} is the primary again.` : `${declaredPrimary} is the primary already.`,
        ),
      );
    });
}
