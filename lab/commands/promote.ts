import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { CapabilityMissing, UsageError } from '../errors.ts';
import { EventLog } from '../events/event-log.ts';

/** `promote`: turns a standby into a primary. */
export function register(program: Command, context: LabContext): void {
  program
    .command('promote')
    .description('turn a standby database into a primary')
    .argument('<component>', 'such as postgres-replica')
    .action(async (component: string) => {
      const lab = await context.running();
      if (!lab.capabilities.has('promote')) {
        throw new CapabilityMissing('promote', lab.kind, 'Choose another runtime: --runtime embedded');
      }
      if (component !== 'postgres-replica') {
        throw new UsageError(`"${component}" is not a standby.`, 'Name postgres-replica.');
      }
      await lab.promote(component);
      new EventLog(context.paths.eventsFile).append({
        kind: 'promotion',
        actor: 'learner',
        text: `${component} is promoted to primary`,
        details: { component },
      });
      context.ui.result({ promoted: component }, () => {
        context.ui.line(`${component} is a primary now.`);
        context.ui.line(
          'The API still writes to the old one. Point it at the new one: npm run lab -- repoint',
        );
      });
    });
}
