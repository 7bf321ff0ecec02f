import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { UsageError } from '../errors.ts';
import { describeMatchers, recordSilences, silenceEvent } from '../incident/silence-events.ts';
import { ObserveError } from '../observe/observe-error.ts';
import { Workshop } from '../workshop.ts';

interface Options {
  for: string;
  comment: string;
  expire?: string;
}

const longestMs = 24 * 3_600_000;

/** `silence`: an alert goes on firing, and nobody is told. */
export function register(program: Command, context: LabContext): void {
  program
    .command('silence')
    .description('keep an alert from telling anybody for a while; without an alert, list the silences')
    .argument('[alert]', 'its name, such as HighLatency')
    .argument('[labels...]', 'only where it carries these, as label=value')
    .option('--for <duration>', 'such as 90s, 10m or 2h; at most 24h', '10m')
    .option('--comment <text>', 'why', 'silenced by hand')
    .option('--expire <id>', 'end this silence now')
    .action(async (alert: string | undefined, labels: string[], options: Options) => {
      const workshop = new Workshop(context, await context.running());
      const { alertmanager } = workshop.backends;
      if (options.expire !== undefined) return expire(context, workshop, options.expire);
      if (alert === undefined) return list(context, workshop);
      const durationMs = parseDuration(options.for);
      const matchers = { alertname: alert, ...parseLabels(labels) };
      const { signal } = context;
      const id = await alertmanager.silence(matchers, durationMs, {
        createdBy: userInfo().username,
        comment: options.comment,
        signal,
      });
      const filter = Object.entries(matchers).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
      const firing = (await alertmanager.alerts({ filter, signal })).length;
      workshop.events.append({
        kind: 'silence',
        actor: 'learner',
        text: `${filter.join(', ')} is silenced for ${options.for}: ${options.comment}`,
        details: { silenceEvent: silenceEvent(id, 'begin'), id, matchers, durationMs },
      });
      context.ui.result({ id, matchers, durationMs, firing }, () => {
        context.ui.line(
          `Silenced for ${options.for}: ${filter.join(', ')}. It goes on firing, and tells nobody.`,
        );
        context.ui.line(firing === 0 ? 'No such alert fires now.' : `Firing now: ${firing}.`);
        context.ui.line(`End it: npm run lab -- silence --expire ${id}`);
      });
    });
}

async function list({ ui, signal }: LabContext, { backends, events }: Workshop): Promise<void> {
  await recordSilences({ observe: backends, events }, { signal });
  const silences = (await backends.alertmanager.silences({ signal })).filter(
    ({ status }) => status.state !== 'expired',
  );
  ui.result({ silences }, () => {
    if (silences.length === 0) return ui.line('Nothing is silenced.');
    ui.table([
      ['ID', 'WHAT', 'UNTIL', 'BY', 'WHY'],
      ...silences.map((one) => [
        one.id,
        describeMatchers(one),
        new Date(one.endsAt).toLocaleTimeString(),
        one.createdBy,
        one.comment,
      ]),
    ]);
  });
}

async function expire({ ui, signal }: LabContext, { backends, events }: Workshop, id: string): Promise<void> {
  try {
    await backends.alertmanager.expireSilence(id, { signal });
  } catch (error) {
    if (error instanceof ObserveError && error.failure === 'refused') {
      throw new UsageError(`"${id}" is not a silence.`, 'See the IDs: npm run lab -- silence');
    }
    throw error;
  }
  await recordSilences({ observe: backends, events }, { signal });
  ui.result({ expired: id }, () => ui.line(`The silence ${id} has ended.`));
}

function parseLabels(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const match = /^([a-zA-Z_]\w*)=(.+)$/.exec(pair);
      if (match === null || match[1] === 'alertname') {
        throw new UsageError(
          `"${pair}" is not a label to match.`,
          'Write it as label=value, such as instance=api-1.',
        );
      }
      return [match[1]!, match[2]!];
    }),
  );
}

function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|h)$/.exec(text);
  const factor = { s: 1_000, m: 60_000, h: 3_600_000 }[match?.[2] ?? ''] ?? Number.NaN;
  const durationMs = Math.round(Number(match?.[1]) * factor);
  if (!(durationMs >= 1_000 && durationMs <= longestMs)) {
    throw new UsageError(
      `--for ${text} is too short, too long or not a duration.`,
      'Give 1s to 24h, such as 90s, 10m or 2h.',
    );
  }
  return durationMs;
}
