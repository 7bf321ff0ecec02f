import { z } from 'zod';
import { type Component, findComponent } from '../../stack/topology.ts';
import type { PrometheusTarget } from '../observe/prometheus-client.ts';
import type { ComponentStatus } from '../runtime/runtime.ts';
import { type Measured, measure } from './measured.ts';
import { errorRatio, p95Seconds, requestRate } from './queries.ts';
import { type Reach, reachHttp } from './reach.ts';
import type { Sources } from './sources.ts';

/** How far back the last error lines are looked for. */
export const lastLinesMinutes = 15;
const lastLines = 5;

/** What is asked of Prometheus about one instance; a component has those that it registers. */
export type GaugeName =
  | 'cpu'
  | 'residentBytes'
  | 'heapUsedBytes'
  | 'eventLoopLagSeconds'
  | 'openSockets'
  | 'requestsInProgress'
  | 'requestRate'
  | 'errorRatio'
  | 'p95Seconds'
  | 'poolActive'
  | 'poolMax'
  | 'poolWaiting';

export interface ErrorLine {
  readonly timestampMs: number;
  readonly message: string;
  readonly traceId: string | undefined;
}

export interface ServiceReadings {
  readonly component: Component;
  readonly status: ComponentStatus | undefined;
  readonly reach: Reach;
  readonly target: Measured<PrometheusTarget | undefined>;
  /** Undefined: Prometheus has no current sample. */
  readonly gauges: ReadonlyMap<GaugeName, Measured<number | undefined>>;
  /** Newest first; undefined for what ships no lines to Loki. */
  readonly errorLines: Measured<readonly ErrorLine[]> | undefined;
  readonly jaegerUrl: string;
  readonly grafanaUrl: string;
}

/** Reads what `diagnose <component>` shows of anything that answers HTTP. */
export async function readService(sources: Sources, id: string): Promise<ServiceReadings> {
  const { lab, observe, signal } = sources;
  const component = findComponent(id)!;
  const queries = gaugesOf(component, sources);
  // First and by itself: what else this process does would be part of the latency.
  const reach = await reachHttp(probeUrl(sources, component));
  const [statuses, target, values, errorLines] = await Promise.all([
    lab.status(),
    measure(
      async () => (await observe.prometheus.targets({ signal })).find(({ labels }) => labels.instance === id),
      signal,
    ),
    Promise.all(
      queries.map(([, promql]) => measure(() => observe.prometheus.value(promql, { signal }), signal)),
    ),
    isOurs(component) ? measure(() => readErrorLines(sources, id), signal) : undefined,
  ]);
  return {
    component,
    status: statuses.find((one) => one.id === id),
    reach,
    target,
    gauges: new Map(queries.map(([name], index) => [name, values[index]!])),
    errorLines,
    jaegerUrl: lab.address('jaeger', 'http', 'host').url,
    grafanaUrl: lab.address('grafana', 'http', 'host').url,
  };
}

/** The page by which its runtime, too, finds out whether it is ready. */
export function probeUrl({ lab }: Sources, { id, readiness }: Component): string {
  const path = readiness.kind === 'http' ? readiness.path : '/';
  return `${lab.address(id, readiness.port, 'host').url}${path}`;
}

/** The services of this repository: they register the lab's metrics and ship their lines to Loki. */
const isOurs = ({ role }: Component): boolean => role === 'edge' || role === 'service' || role === 'on-call';

function gaugesOf(component: Component, { lab: { pace } }: Sources): [GaugeName, string][] {
  const own = `instance="${component.id}"`;
  const process: [GaugeName, string][] = [
    ['cpu', `rate(process_cpu_seconds_total{${own}}[${pace.rateWindowSeconds}s])`],
    ['residentBytes', `process_resident_memory_bytes{${own}}`],
  ];
  if (!isOurs(component)) return process;
  return [
    ...process,
    ['heapUsedBytes', `nodejs_heap_size_used_bytes{${own}}`],
    ['eventLoopLagSeconds', `nodejs_eventloop_lag_p99_seconds{${own}}`],
    // While it is scraped, a series that it does not have is a zero: nothing of that kind has happened yet.
    [
      'openSockets',
      `sum(nodejs_active_resources{${own}, type="TCPSocketWrap"}) or sum(nodejs_active_resources_total{${own}}) * 0`,
    ],
    ['requestsInProgress', `sum(http_requests_in_progress{${own}}) or sum(up{${own}} == 1) * 0`],
    ['requestRate', requestRate(own, pace)],
    ['errorRatio', errorRatio(own, pace)],
    ['p95Seconds', p95Seconds(own, pace)],
    ...(component.role === 'service'
      ? ([
          ['poolActive', `database_connections_active{${own}}`],
          ['poolMax', `database_connections_max{${own}}`],
          ['poolWaiting', `database_connections_waiting{${own}}`],
        ] as [GaugeName, string][])
      : []),
  ];
}

const logLine = z.object({
  message: z.string().catch('(a line without a message)'),
  method: z.string().optional().catch(undefined),
  path: z.string().optional().catch(undefined),
  status: z.number().optional().catch(undefined),
  trace_id: z.string().optional().catch(undefined),
  error: z.object({ message: z.string() }).optional().catch(undefined),
});

async function readErrorLines({ observe, signal }: Sources, id: string): Promise<ErrorLine[]> {
  const endMs = Date.now();
  const lines = await observe.loki.lines(`{app="notes", instance="${id}", level=~"error|fatal"}`, {
    startMs: endMs - lastLinesMinutes * 60_000,
    endMs,
    limit: lastLines,
    signal,
  });
  return lines.map(({ timestampMs, line }) => ({ timestampMs, ...parseLine(line) }));
}

function parseLine(line: string): Pick<ErrorLine, 'message' | 'traceId'> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { message: line, traceId: undefined };
  }
  const parsed = logLine.safeParse(value);
  if (!parsed.success) return { message: line, traceId: undefined };
  const { message, method, path, status, error, trace_id: traceId } = parsed.data;
  const request = [method, path, status].filter((part) => part !== undefined).join(' ');
  return { message: [message, request, error?.message].filter(Boolean).join(', '), traceId };
}
