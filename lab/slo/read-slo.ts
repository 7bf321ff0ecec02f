import type { Pace } from '../../stack/pace.ts';
import type { PrometheusClient } from '../observe/prometheus-client.ts';
import { type Budget, errorBudget, type PolicyStep, policyOf, secondsToExhaustion } from './budget.ts';

/** One objective as it stands. */
export interface ObjectiveState {
  readonly name: string;
  /** In words: "99.9 % of requests do not fail". */
  readonly objective: string;
  /** As measured now, in the objective's unit; null where there is nothing to measure. */
  readonly measured: number | null;
  readonly unit: '%' | 'ms' | 'req/s';
  /** The window that it is measured over, up to now. */
  readonly overSeconds: number;
  readonly met: boolean | null;
}

export interface SloState {
  readonly windowSeconds: number;
  readonly objectives: readonly ObjectiveState[];
  readonly budget: Budget;
  /** By window: `fast_short`, `fast_long`, `slow_short`, `slow_long`; null where nothing was asked for. */
  readonly burnRates: Readonly<Record<string, number | null>>;
  /** At the burn rate of the long fast window; null: never, nothing burns. */
  readonly secondsToExhaustion: number | null;
  /** Requests that succeeded over the whole SLO window, in percent; null without requests. */
  readonly compliance: number | null;
  readonly policy: { readonly step: PolicyStep; readonly words: string };
}

export const availabilityObjective = 0.999;
const users = 'job="gateway", endpoint!~".*/(metrics|health|ready)"';

/** Requests and failures that Prometheus counted over the SLO window. */
export const budgetCounts = (pace: Pace): { requests: string; errors: string } => ({
  requests: `sum(increase(http_requests_total{${users}}[${pace.sloWindowSeconds}s]))`,
  errors: `sum(increase(http_requests_total{${users}, status=~"5.."}[${pace.sloWindowSeconds}s])) or vector(0)`,
});

/** Reads the service levels from Prometheus: the same recording rules that the alerts and the dashboards use. */
export async function readSlo(
  prometheus: PrometheusClient,
  pace: Pace,
  signal: AbortSignal,
): Promise<SloState> {
  const value = async (promql: string): Promise<number | null> => {
    const found = await prometheus.value(promql, { signal });
    return found === undefined || Number.isNaN(found) ? null : found;
  };
  const counts = budgetCounts(pace);
  const windows = ['fast_short', 'fast_long', 'slow_short', 'slow_long'] as const;
  const [requests, errors, authErrors, p95, databaseP99, throughput, ...rates] = await Promise.all([
    value(counts.requests),
    value(counts.errors),
    value('slo:authentication:error_ratio'),
    value('gateway:http_request_duration_seconds:p95'),
    value('slo:database:p99_seconds'),
    value('job:http_requests:rate{job="gateway"}'),
    ...windows.map((window) => value(`slo:availability:burn_rate{window="${window}"}`)),
  ]);
  const budget = errorBudget({
    objective: availabilityObjective,
    windowSeconds: pace.sloWindowSeconds,
    requests: requests ?? 0,
    errors: errors ?? 0,
  });
  const compliance = requests === null || requests === 0 ? null : 100 * (1 - (errors ?? 0) / requests);
  const burnRates = Object.fromEntries(windows.map((window, index) => [window, rates[index] ?? null]));
  const seconds = secondsToExhaustion(budget.remainingRatio, burnRates.fast_long ?? 0, pace.sloWindowSeconds);
  const state = (
    name: string,
    objective: string,
    unit: ObjectiveState['unit'],
    { overSeconds, measured }: Pick<ObjectiveState, 'overSeconds' | 'measured'>,
    isMet: (value: number) => boolean,
  ): ObjectiveState => ({
    name,
    objective,
    unit,
    measured,
    overSeconds,
    met: measured === null ? null : isMet(measured),
  });
  const scaled = (number: number | null, factor: number): number | null =>
    number === null ? null : number * factor;
  // As the recording rules do it.
  const over =
    (overSeconds: number) =>
    (measured: number | null): Pick<ObjectiveState, 'overSeconds' | 'measured'> => ({
      overSeconds,
      measured,
    });
  const overBudget = over(pace.sloWindowSeconds);
  const overLongWindow = over(pace.burnRateFast.longSeconds);
  const overRateWindow = over(pace.rateWindowSeconds);
  return {
    windowSeconds: pace.sloWindowSeconds,
    objectives: [
      state('availability', '99.9 % of requests do not fail', '%', overBudget(compliance), (v) => v >= 99.9),
      state('latency', 'p95 below 200 ms', 'ms', overRateWindow(scaled(p95, 1000)), (v) => v < 200),
      state(
        'authentication',
        '99.95 % of register and login do not fail',
        '%',
        overLongWindow(authErrors === null ? null : 100 * (1 - authErrors)),
        (v) => v >= 99.95,
      ),
      state('database', 'p99 below 100 ms', 'ms', overLongWindow(scaled(databaseP99, 1000)), (v) => v < 100),
      state('throughput', 'for information', 'req/s', overRateWindow(throughput), () => true),
    ],
    budget,
    burnRates,
    secondsToExhaustion: Number.isFinite(seconds) ? seconds : null,
    compliance,
    policy: policyOf(budget.remainingRatio),
  };
}
