import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { patientSignal } from '../process/patience.ts';
import type { ComponentId, RunningLab } from '../runtime/runtime.ts';
import type { Backends } from './backends.ts';

/** What the exercises rely on between the components, whatever each says of its own readiness. */
export interface Connection {
  /** What has to hold, as a sentence. */
  readonly claim: string;
  /** Whose output to read when it does not. */
  readonly component: ComponentId;
  /** Undefined when it holds, otherwise what is there instead. */
  problem(signal: AbortSignal): Promise<string | undefined>;
}

export interface BrokenConnection {
  readonly claim: string;
  readonly component: ComponentId;
  readonly problem: string;
}

/** One standby row of `pg_stat_replication`, from the database that takes writes. */
export type StandbyStates = () => Promise<readonly { readonly name: string; readonly state: string }[]>;

const pollMs = 200;

/**
 * The connections of a running lab: replication, scraping, alerts, logs and spans. Each is asked of the public APIs,
 * with one request of the lab's own through the gateway for the last two.
 */
export function labConnections(
  lab: Pick<RunningLab, 'address'>,
  backends: Backends,
  standbyStates: StandbyStates,
): Connection[] {
  const { prometheus, alertmanager, loki, jaeger } = backends;
  const startMs = Date.now();
  const traceId = randomBytes(16).toString('hex');
  let sent: Promise<void> | undefined;
  /** The request whose log line and whose spans are looked for; again when it did not get through. */
  const request = (signal: AbortSignal): Promise<void> => {
    sent ??= fetch(`${lab.address('gateway').url}/api/v1/notes?limit=1`, {
      headers: { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]),
    })
      .then(async (response) => void (await response.arrayBuffer()))
      .catch((error: unknown) => {
        sent = undefined;
        throw new Error('the gateway does not answer', { cause: error });
      });
    return sent;
  };
  return [
    {
      claim: 'the standby streams from the primary',
      component: 'postgres-replica',
      problem: async () => {
        const standbys = await standbyStates();
        if (standbys.some(({ state }) => state === 'streaming')) return undefined;
        return standbys.length === 0
          ? 'no standby is connected'
          : standbys.map(({ name, state }) => `${name}: ${state}`).join(', ');
      },
    },
    {
      claim: 'Prometheus scrapes every target',
      component: 'prometheus',
      problem: async (signal) => {
        const targets = await prometheus.targets({ signal });
        const missing = targets.filter(({ health }) => health !== 'up');
        if (targets.length > 0 && missing.length === 0) return undefined;
        return targets.length === 0
          ? 'it has none'
          : missing
              .map(({ labels, health, lastError }) => `${labels.instance} ${lastError || health}`)
              .join(', ');
      },
    },
    {
      claim: 'alerts reach Alertmanager',
      component: 'alertmanager',
      problem: async (signal) =>
        (await alertmanager.alerts({ filter: ['alertname="Watchdog"'], signal })).length > 0
          ? undefined
          : 'the alert that always fires is not there',
    },
    {
      claim: 'log lines reach Loki',
      component: 'loki',
      problem: async (signal) => {
        await request(signal);
        const range = { startMs: startMs - 60_000, endMs: Date.now() + 60_000, limit: 10, signal };
        const lines = await loki.lines(`{instance=~".+"} |= "${traceId}"`, range);
        return lines.length > 0 ? undefined : 'no line of a request made now';
      },
    },
    {
      claim: 'spans reach Jaeger',
      component: 'jaeger',
      problem: async (signal) => {
        await request(signal);
        return (await jaeger.trace(traceId, { signal })).length > 0
          ? undefined
          : 'no span of a request made now';
      },
    },
  ];
}

/** Asks every connection until it holds, at most until the deadline. Returns those that do not hold by then. */
export async function brokenConnections(
  connections: readonly Connection[],
  options: { readonly withinMs: number; readonly signal: AbortSignal },
): Promise<BrokenConnection[]> {
  const deadline = patientSignal(options.withinMs);
  const signal = AbortSignal.any([options.signal, deadline.signal]);
  const asked = Promise.all(
    connections.map(async ({ claim, component, problem }): Promise<BrokenConnection | undefined> => {
      let last = 'no answer in time';
      while (!signal.aborted) {
        try {
          const now = await problem(signal);
          if (now === undefined) return undefined;
          last = now;
        } catch (error) {
          if (!signal.aborted) last = error instanceof Error ? error.message : String(error);
        }
        await sleep(pollMs, undefined, { signal }).catch(() => {});
      }
      options.signal.throwIfAborted();
      return { claim, component, problem: last };
    }),
  );
  const found = await asked.finally(deadline.done);
  return found.filter((one) => one !== undefined);
}
