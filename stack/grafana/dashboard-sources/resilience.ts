import { dashboard } from './dashboard.ts';
import { graph, logs, stat, states } from './panels.ts';
import { logql, promql, users } from './queries.ts';

export const resilience = dashboard({
  uid: 'resilience',
  description: 'What keeps a fault from users: circuit breakers, health checks, retries and the cache.',
  rows: [
    {
      title: 'Circuit breakers',
      panels: [
        states({
          title: 'Circuit breakers',
          description:
            'Open: the gateway sends nothing there. Half-open: one request at a time, to try it. CircuitBreakerOpen warns.',
          unit: 'short',
          states: {
            0: { text: 'closed', color: 'green' },
            1: { text: 'open', color: 'red' },
            2: { text: 'half-open', color: 'orange' },
          },
          queries: [promql('circuit_breaker_state', '{{upstream}}')],
        }),
        states({
          title: 'Health checks',
          description:
            'What the gateway’s own probes say of each upstream. Unhealthy while the breaker is closed: the probe was first.',
          unit: 'bool',
          states: { 0: { text: 'unhealthy', color: 'red' }, 1: { text: 'healthy', color: 'green' } },
          queries: [promql('gateway_upstream_healthy', '{{upstream}}')],
        }),
        stat({
          title: 'API replicas healthy',
          description:
            'Share of the scraped API replicas that answer. 67 % is two of three: users notice nothing, and the next loss is one too many.',
          unit: 'percentunit',
          decimals: 0,
          width: 8,
          color: 'red',
          steps: [
            [0.6, 'orange'],
            [1, 'green'],
          ],
          queries: [promql('api:replicas_healthy:ratio')],
        }),
        graph({
          title: 'Calls by upstream and outcome',
          description:
            'Calls a second. A status that is a word (timeout, refused, broken) is a call without an answer.',
          unit: 'reqps',
          width: 8,
          queries: [
            promql(
              'sum by (upstream, status) (rate(gateway_upstream_requests_total[$__rate_interval]))',
              '{{upstream}} {{status}}',
            ),
          ],
        }),
        graph({
          title: 'Share of the traffic',
          description:
            'The balancer prefers upstreams with fewer outstanding calls, so that a slow one gets less.',
          unit: 'percentunit',
          width: 8,
          max: 1,
          queries: [promql('gateway:upstream_share:ratio', '{{upstream}}')],
        }),
        graph({
          title: 'Calls for each request',
          description: 'One, while nothing is retried. What is above is load that the retries add.',
          unit: 'short',
          width: 8,
          queries: [
            promql(
              `sum(rate(gateway_upstream_requests_total[$__rate_interval])) / sum(rate(http_requests_total{job="gateway", ${users}}[$__rate_interval]))`,
              'calls per request',
            ),
          ],
        }),
        graph({
          title: 'p95 of the calls',
          description: 'Time until the head of an upstream’s answer, by operation and outcome.',
          unit: 's',
          queries: [
            promql(
              'histogram_quantile(0.95, sum by (operation, status, le) (rate(service_call_duration_seconds_bucket{job="gateway"}[$__rate_interval])))',
              '{{operation}} {{status}}',
            ),
          ],
        }),
        graph({
          title: 'Failures: seen by the gateway, met by users',
          description: 'The distance between the two lines is what retries and breakers kept from users.',
          unit: 'reqps',
          queries: [
            promql(
              'sum(rate(gateway_upstream_requests_total{status!~"[234].."}[$__rate_interval])) or vector(0)',
              'calls that failed',
            ),
            promql(
              `sum(rate(http_requests_total{job="gateway", status=~"5..", ${users}}[$__rate_interval])) or vector(0)`,
              'requests that failed',
            ),
          ],
        }),
      ],
    },
    {
      title: 'Cache',
      panels: [
        stat({
          title: 'Hit ratio',
          description: 'Share of reads that the cache answers. Each miss is a query.',
          unit: 'percentunit',
          height: 8,
          decimals: 1,
          color: 'orange',
          steps: [[0.5, 'green']],
          queries: [
            promql(
              'sum(rate(cache_operations_total{operation="get", result="hit"}[$__rate_interval])) / sum(rate(cache_operations_total{operation="get"}[$__rate_interval]))',
            ),
          ],
        }),
        graph({
          title: 'Hit ratio by replica',
          description: 'Every replica has a cache of its own: after a restart its ratio starts at zero.',
          unit: 'percentunit',
          width: 10,
          max: 1,
          drill: { title: 'Open the instance', uid: 'instance' },
          queries: [
            promql(
              'sum by (instance) (rate(cache_operations_total{operation="get", result="hit"}[$__rate_interval])) / sum by (instance) (rate(cache_operations_total{operation="get"}[$__rate_interval]))',
              '{{instance}}',
            ),
          ],
        }),
        graph({
          title: 'Operations',
          description: 'What is asked of the cache, and how it ends. Many invalidations make it useless.',
          unit: 'ops',
          width: 10,
          queries: [
            promql(
              'sum by (operation, result) (rate(cache_operations_total[$__rate_interval]))',
              '{{operation}} {{result}}',
            ),
          ],
        }),
      ],
    },
    {
      title: 'Lines',
      panels: [
        logs({
          title: 'What the gateway decided',
          description:
            'Breakers that opened and closed, upstreams that went and came, calls that were retried.',
          queries: [logql('{app="notes", service="gateway"} |~ "circuit|upstream"')],
        }),
      ],
    },
  ],
});
