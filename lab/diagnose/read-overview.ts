import type { PrometheusAlert } from '../observe/prometheus-client.ts';
import type { ComponentStatus } from '../runtime/runtime.ts';
import { withDatabase } from './database-session.ts';
import { type Measured, measure } from './measured.ts';
import { errorRatio, p95Seconds, requestRate } from './queries.ts';
import { type Replication, readReplication } from './read-replication.ts';
import { readUpstreams, type Upstream } from './read-upstreams.ts';
import { databaseAddress, type Sources } from './sources.ts';

/** Over which time error lines are counted. */
export const errorLinesMinutes = 5;

export interface ReplicaRates {
  readonly instance: string;
  /** Whether the last scrape of it succeeded. */
  readonly scraped: boolean;
  /** Requests a second; 0 also for one that has served none since it started, and so has no series of them. */
  readonly rate: number;
  /** NaN without requests, like the next. */
  readonly errorRatio: number;
  readonly p95Seconds: number;
}

export interface OverviewReadings {
  readonly nowMs: number;
  readonly components: readonly ComponentStatus[];
  /** When a component last answered, by Prometheus's record: to a scrape, the primary database to a replica. */
  readonly lastAnsweredMs: Measured<ReadonlyMap<string, number>>;
  readonly alerts: Measured<readonly PrometheusAlert[]>;
  /** Alerts that tell nobody now, by their labels; see `alertKey`. */
  readonly suppressed: Measured<ReadonlySet<string>>;
  readonly upstreams: Measured<readonly Upstream[]>;
  readonly replicas: Measured<readonly ReplicaRates[]>;
  readonly errorLines: Measured<
    readonly { readonly service: string; readonly instance: string; readonly count: number }[]
  >;
  readonly primary: string;
  readonly replication: Measured<Replication>;
}

/** Reads everything of the overview side by side; the slowest deadline decides how long it takes. */
export async function readOverview(sources: Sources): Promise<OverviewReadings> {
  const { lab, observe, signal } = sources;
  const primary = await lab.primary();
  const [components, lastAnsweredMs, alerts, suppressed, upstreams, replicas, errorLines, replication] =
    await Promise.all([
      lab.status(),
      measure(() => readLastAnswered(sources, primary), signal),
      measure(() => observe.prometheus.alerts({ signal }), signal),
      measure(() => readSuppressed(sources), signal),
      measure(() => readUpstreams(sources), signal),
      measure(() => readReplicas(sources), signal),
      measure(() => readErrorLines(sources), signal),
      withDatabase(databaseAddress(sources, primary), signal, readReplication),
    ]);
  return {
    nowMs: Date.now(),
    components,
    lastAnsweredMs,
    alerts,
    suppressed,
    upstreams,
    replicas,
    errorLines,
    primary,
    // Either there was no connection, or the question failed.
    replication: 'reason' in replication ? replication : replication.value,
  };
}

/** The same alert has the same labels in Prometheus and in Alertmanager. */
export const alertKey = (labels: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));

async function readLastAnswered(
  { lab, observe, signal }: Sources,
  primary: string,
): Promise<Map<string, number>> {
  const range = `[30m:${lab.pace.scrapeIntervalSeconds}s]`;
  const [scraped, reached] = await Promise.all([
    observe.prometheus.query(`max by (instance) (max_over_time(timestamp(up == 1)${range}))`, { signal }),
    observe.prometheus.value(`max_over_time(timestamp(max(database_up) == 1)${range})`, { signal }),
  ]);
  return new Map([
    ...scraped.map(({ labels, value }) => [labels.instance ?? '', value * 1000] as const),
    ...(reached === undefined ? [] : [[primary, reached * 1000] as const]),
  ]);
}

async function readSuppressed({ observe, signal }: Sources): Promise<Set<string>> {
  const alerts = await observe.alertmanager.alerts({ signal });
  return new Set(
    alerts.filter(({ status }) => status.state === 'suppressed').map(({ labels }) => alertKey(labels)),
  );
}

async function readReplicas({ lab, observe, signal }: Sources): Promise<ReplicaRates[]> {
  const ask = async (promql: string): Promise<Map<string, number>> =>
    new Map(
      (await observe.prometheus.query(promql, { signal })).map(({ labels, value }) => [
        labels.instance ?? '',
        value,
      ]),
    );
  const [up, rates, errors, p95] = await Promise.all([
    ask('up{job="api"}'),
    ask(requestRate('job="api"', lab.pace)),
    ask(errorRatio('job="api"', lab.pace)),
    ask(p95Seconds('job="api"', lab.pace)),
  ]);
  return [...up].map(([instance, value]) => ({
    instance,
    scraped: value === 1,
    rate: rates.get(instance) ?? 0,
    errorRatio: errors.get(instance) ?? Number.NaN,
    p95Seconds: p95.get(instance) ?? Number.NaN,
  }));
}

async function readErrorLines({ observe, signal }: Sources) {
  const samples = await observe.loki.query(
    `sum by (service, instance) (count_over_time({app="notes", level=~"error|fatal"}[${errorLinesMinutes}m]))`,
    { signal },
  );
  return samples.map(({ labels, value }) => ({
    service: labels.service ?? '',
    instance: labels.instance ?? '',
    count: value,
  }));
}
