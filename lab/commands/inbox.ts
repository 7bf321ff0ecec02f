import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { UsageError } from '../errors.ts';
import { recordPages } from '../incident/page-events.ts';
import type { Notification } from '../observe/inbox-client.ts';
import { ObserveError } from '../observe/observe-error.ts';
import { Workshop } from '../workshop.ts';

interface Options {
  ack?: string;
  by?: string;
  limit: string;
}

/** `inbox`: what the person on call was told. */
export function register(program: Command, context: LabContext): void {
  program
    .command('inbox')
    .description('show what the person on call was told')
    .option('--ack <id>', 'acknowledge a notification')
    .option('--by <name>', 'who acknowledges (default: you)')
    .option('--limit <count>', 'at most this many', '20')
    .action(async (options: Options) => {
      const { backends, events } = new Workshop(context, await context.running());
      if (options.ack !== undefined) {
        await acknowledge(context, backends.inbox, options.ack, options.by);
        return recordPages({ observe: backends, events }, context);
      }
      const limit = Number(options.limit);
      if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
        throw new UsageError(
          `--limit ${options.limit} is not a number of notifications.`,
          'Give a whole number from 1 to 1000.',
        );
      }
      const { signal } = context;
      const [notifications, watchdog] = await Promise.all([
        backends.inbox.notifications({ limit, signal }),
        backends.inbox.watchdog({ signal }),
        recordPages({ observe: backends, events }, { signal }),
      ]);
      context.ui.result({ notifications, watchdog }, () =>
        describeInbox(context, notifications, watchdog.healthy),
      );
    });
}

async function acknowledge(
  { ui, signal }: LabContext,
  inbox: Workshop['backends']['inbox'],
  id: string,
  by: string | undefined,
): Promise<void> {
  const name = by ?? userInfo().username;
  try {
    await inbox.acknowledge(id, name, { signal });
  } catch (error) {
    if (error instanceof ObserveError && error.status === 404) {
      throw new UsageError(
        `"${id}" is not a notification of the inbox.`,
        'See the IDs: npm run lab -- inbox',
      );
    }
    throw error;
  }
  ui.result({ acknowledged: id, by: name }, () => ui.line(`Acknowledged ${id} as ${name}.`));
}

function describeInbox({ ui }: LabContext, notifications: readonly Notification[], healthy: boolean): void {
  if (notifications.length === 0) ui.line('The inbox is empty.');
  else {
    ui.table([
      ['RECEIVED', 'ID', 'CHANNEL', 'STATUS', 'ALERT', 'INSTANCES', 'ACKNOWLEDGED'],
      ...notifications.map((one) => [
        new Date(one.receivedAt).toLocaleTimeString(),
        one.id,
        one.channel === one.receiver ? one.channel : `${one.channel} ${one.receiver}`,
        one.status,
        one.alertname,
        one.instances.join(' ') || '-',
        one.acknowledgedBy ?? '-',
      ]),
    ]);
  }
  ui.line(
    healthy
      ? 'The watchdog beats: alerts can reach you.'
      : 'The watchdog is silent: no alert can reach you now.',
  );
}
