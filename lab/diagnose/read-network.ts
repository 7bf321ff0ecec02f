import { monitorEventLoopDelay } from 'node:perf_hooks';
import { topology } from '../../stack/topology.ts';
import type { PrometheusTarget } from '../observe/prometheus-client.ts';
import type { RuntimeKind } from '../runtime/runtime.ts';
import { type Measured, measure } from './measured.ts';
import { type Reach, reachHttp, reachPostgres } from './reach.ts';
import { probeUrl } from './read-service.ts';
import { readUpstreams, type Upstream } from './read-upstreams.ts';
import type { Sources } from './sources.ts';

export interface NetworkReadings {
  readonly runtime: RuntimeKind;
  readonly windowSeconds: number;
  readonly reached: readonly { readonly id: string; readonly at: string; readonly reach: Reach }[];
  /** By how much this process itself was late at most while it knocked: so much of each latency may be its own. */
  readonly ownDelayMs: number;
  readonly upstreams: Measured<readonly Upstream[]>;
  /** Whether each API replica reaches its database, by its own metric. */
  readonly databases: Measured<ReadonlyMap<string, boolean>>;
  readonly targets: Measured<readonly PrometheusTarget[]>;
  /** Log lines a second that a service had to send to Loki again, or gave up. */
  readonly logTrouble: Measured<ReadonlyMap<string, number>>;
}

/** Knocks at every component from here, and asks the components what they say of each other. */
export async function readNetwork(sources: Sources): Promise<NetworkReadings> {
  const { lab, observe, signal } = sources;
  const window = lab.pace.rateWindowSeconds;
  const byInstance = async (promql: string): Promise<Map<string, number>> =>
    new Map(
      (await observe.prometheus.query(promql, { signal })).map(({ labels, value }) => [
        labels.instance ?? '',
        value,
      ]),
    );
  // First and by itself: what else this process does would be part of the latencies.
  const { reached, ownDelayMs } = await knock(sources);
  const [upstreams, databases, targets, logTrouble] = await Promise.all([
    measure(() => readUpstreams(sources), signal),
    measure(async () => {
      const up = await byInstance('max by (instance) (database_up{job="api"})');
      return new Map([...up].map(([instance, value]) => [instance, value === 1]));
    }, signal),
    measure(() => observe.prometheus.targets({ signal }), signal),
    measure(
      () =>
        byInstance(
          `(sum by (instance) (rate(log_lines_retried_total[${window}s])) + sum by (instance) (rate(log_lines_dropped_total[${window}s]))) > 0`,
        ),
      signal,
    ),
  ]);
  return {
    runtime: lab.kind,
    windowSeconds: window,
    reached,
    ownDelayMs,
    upstreams,
    databases,
    targets,
    logTrouble,
  };
}

async function knock(sources: Sources): Promise<Pick<NetworkReadings, 'reached' | 'ownDelayMs'>> {
  const resolutionMs = 5;
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  const reached = await Promise.all(
    topology.map(async (component) => {
      const { id, readiness } = component;
      if (readiness.kind === 'http') {
        const url = probeUrl(sources, component);
        return { id, at: url, reach: await reachHttp(url) };
      }
      const { host, port } = sources.lab.address(id, readiness.port, 'host');
      return { id, at: `${host}:${port}`, reach: await reachPostgres(host, port) };
    }),
  );
  delay.disable();
  return { reached, ownDelayMs: Math.max(0, delay.max / 1e6 - resolutionMs) };
}
