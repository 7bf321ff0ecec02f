import type { Pace } from '../../stack/pace.ts';
import type { Backends } from '../observe/backends.ts';

/** How much telemetry the lab collects now; null where there was nothing to measure it by. */
export interface TelemetryNow {
  /** Time series that Prometheus has now. */
  readonly series: number | null;
  /** Gigabytes of log lines a day, if it goes on as now. */
  readonly logGigabytesADay: number | null;
  /** Traces that Jaeger has, of the requests that the gateway answered; in percent, over some of the last seconds. */
  readonly tracesKeptPercent: number | null;
  readonly dashboards: number;
}

/** Spans wait in batches, and a tail policy waits for the trace: what is newer than this may be on its way. Seconds. */
const settledSeconds = 10;

export async function readTelemetry(
  { prometheus, loki, jaeger, grafana }: Backends,
  pace: Pace,
  nowMs: number,
  signal: AbortSignal,
): Promise<TelemetryNow> {
  const windowSeconds = 2 * pace.rateWindowSeconds;
  const endMs = nowMs - 1000 * settledSeconds;
  const [series, bytes, requests, edges, dashboards] = await Promise.all([
    prometheus.value('count({__name__=~".+"})', { signal }),
    loki.count(`sum(bytes_over_time({app="notes"}[${windowSeconds}s]))`, { signal }),
    prometheus.value(`sum(increase(http_requests_total{job="gateway"}[${windowSeconds}s]))`, {
      timeMs: endMs,
      signal,
    }),
    jaeger.dependencies({ startMs: endMs - 1000 * windowSeconds, endMs }, { signal }),
    grafana.dashboards({ signal }),
  ]);
  const calls = edges.find(({ parent, child }) => parent === 'gateway' && child === 'api')?.callCount ?? 0;
  return {
    series: series ?? null,
    logGigabytesADay: bytes === 0 ? null : (bytes / windowSeconds) * 86_400 * 1e-9,
    // A retry is a call more, and the two windows are not the same to the second.
    tracesKeptPercent:
      requests === undefined || requests < 20 ? null : Math.min(100, (100 * calls) / requests),
    dashboards,
  };
}
