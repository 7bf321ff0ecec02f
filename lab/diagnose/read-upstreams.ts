import type { Sources } from './sources.ts';

/** What the gateway says of one upstream, by its own metrics; NaN where it says nothing. */
export interface Upstream {
  readonly id: string;
  readonly healthy: boolean;
  readonly circuit: 'closed' | 'open' | 'half-open' | 'unknown';
  /** Requests a second that it sent there, by status or by the reason for no answer. */
  readonly rates: Readonly<Record<string, number>>;
}

const circuits = ['closed', 'open', 'half-open'] as const;

/** The upstreams by the gateway's metrics; none while Prometheus has no current sample of them. */
export async function readUpstreams({ lab, observe, signal }: Sources): Promise<Upstream[]> {
  const window = lab.pace.rateWindowSeconds;
  const ask = (promql: string) => observe.prometheus.query(promql, { signal });
  const [health, states, rates] = await Promise.all([
    ask('max by (upstream) (gateway_upstream_healthy)'),
    ask('max by (upstream) (circuit_breaker_state)'),
    ask(`sum by (upstream, status) (rate(gateway_upstream_requests_total[${window}s])) > 0`),
  ]);
  return health.map(({ labels: { upstream: id = '' }, value }) => ({
    id,
    healthy: value === 1,
    circuit: circuits[states.find(({ labels }) => labels.upstream === id)?.value ?? -1] ?? 'unknown',
    rates: Object.fromEntries(
      rates
        .filter(({ labels }) => labels.upstream === id)
        .map(({ labels, value: rate }) => [labels.status ?? '', rate]),
    ),
  }));
}

/** Whether the gateway sends requests there. */
export const isUsed = ({ healthy, circuit }: Upstream): boolean => healthy && circuit === 'closed';

/** Why not: `its health checks fail, its circuit breaker is open`. */
export function whyUnused({ healthy, circuit }: Upstream): string {
  return [
    ...(healthy ? [] : ['its health checks fail']),
    ...(circuit === 'closed' ? [] : [`its circuit breaker is ${circuit}`]),
  ].join(', ');
}
