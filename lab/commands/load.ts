import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { TrafficEnded, UsageError } from '../errors.ts';
import { isAlive } from '../process/identity.ts';
import { Ledger, type LedgerCount } from '../traffic/ledger.ts';
import { type TrafficProfileName, trafficProfiles } from '../traffic/profiles.ts';
import { percentile } from '../traffic/tally.ts';
import { Workshop } from '../workshop.ts';
import { parseTtl } from './break.ts';

/** `load`: sends a load profile by hand for a while, and tells what the client saw. */
export function register(program: Command, context: LabContext): void {
  program
    .command('load')
    .description('send requests for a while and show what the client saw; without a name, show the profiles')
    .argument('[profile]', `one of ${Object.keys(trafficProfiles).join(', ')}`)
    .option('--for <duration>', 'how long, such as 30s or 5m; at most 30m', '30s')
    .action(async (profile: string | undefined, options: { for: string }) => {
      if (profile === undefined) return showProfiles(context);
      if (!Object.hasOwn(trafficProfiles, profile)) {
        throw new UsageError(
          `"${profile}" is not a load profile.`,
          `Name one of: ${Object.keys(trafficProfiles).join(', ')}.`,
        );
      }
      const durationMs = parseTtl(options.for);
      const workshop = new Workshop(context, await context.running());
      const running = workshop.traffic.running();
      if (running !== undefined) {
        throw new UsageError(
          `The traffic "${running.profile}" runs already, until ${running.until}.`,
          'Stop it first: npm run lab -- heal, or exercise reset where an exercise is open.',
        );
      }
      await send(context, workshop, profile as TrafficProfileName, durationMs);
    });
}

function showProfiles({ ui }: LabContext): void {
  const profiles = Object.values(trafficProfiles).map(({ name, summary, requestsPerSecond }) => ({
    name,
    summary,
    requestsPerSecond,
  }));
  ui.result({ profiles }, () =>
    ui.table([
      ['PROFILE', 'REQUESTS A SECOND', 'WHAT IT IS'],
      ...profiles.map((one) => [one.name, String(one.requestsPerSecond), one.summary]),
    ]),
  );
}

async function send(
  context: LabContext,
  workshop: Workshop,
  profile: TrafficProfileName,
  durationMs: number,
): Promise<void> {
  const { ui, signal } = context;
  const { traffic } = workshop;
  const fromMs = Date.now();
  const started = await traffic.start({
    profile,
    durationSeconds: Math.max(1, Math.ceil(durationMs / 1000)),
    tied: true,
    signal,
  });
  workshop.events.append({
    kind: 'load',
    actor: 'learner',
    text: `Load "${profile}" by hand`,
    details: { profile },
  });
  ui.note(`Sending "${profile}" for ${durationMs / 1000} s; Ctrl-C ends it earlier.`);
  const lasted = await traffic
    .lasts(started, fromMs + durationMs - Date.now(), signal)
    .catch((error: unknown) => {
      // Ctrl-C ends the load, and what was seen until then is worth showing.
      if (!signal.aborted) throw error;
      return true;
    });
  const endedMs = Date.now();
  // Another command's is its own to stop.
  if (isAlive(started)) await traffic.stop();
  // A second counts when it is whole: up to the end of the current one.
  const count = new Ledger(workshop.lab.directory).count({ fromMs: fromMs - 1000, toMs: Date.now() + 1000 });
  ui.result({ profile, durationMs: Date.now() - fromMs, ...summary(count) }, () => describe(context, count));
  signal.throwIfAborted();
  if (!lasted)
    throw new TrafficEnded(profile, Math.round((endedMs - fromMs) / 1000), Math.round(durationMs / 1000));
}

function summary(count: LedgerCount) {
  return {
    requests: count.requests,
    errors: count.errors,
    statuses: count.statuses,
    p50Ms: percentile(count.latencies, 0.5) ?? null,
    p95Ms: percentile(count.latencies, 0.95) ?? null,
    p99Ms: percentile(count.latencies, 0.99) ?? null,
  };
}

function describe({ ui }: LabContext, count: LedgerCount): void {
  const { requests, errors, statuses, p50Ms, p95Ms, p99Ms } = summary(count);
  const share = requests === 0 ? '' : ` (${((100 * errors) / requests).toFixed(2)} %)`;
  ui.line(`${requests} requests, ${errors} errors${share}`);
  const byStatus = Object.entries(statuses).map(
    ([status, n]) => `${status === 'none' ? 'no answer' : status}: ${n}`,
  );
  ui.line(`By status: ${byStatus.join(', ') || 'none'}`);
  if (p50Ms !== null) ui.line(`Answer times: p50 ${p50Ms} ms, p95 ${p95Ms} ms, p99 ${p99Ms} ms`);
}
