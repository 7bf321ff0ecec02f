import { dashboard } from './dashboard.ts';
import { graph, heatmap, table } from './panels.ts';
import { promql, users } from './queries.ts';

const quantile = (share: number, selector: string, by: string) =>
  `histogram_quantile(${share}, sum by (${by}) (rate(http_request_duration_seconds_bucket{${selector}, ${users}}[$__rate_interval])))`;

export const service = dashboard({
  uid: 'service',
  description: 'Rate, errors and duration (RED): at the edge as users meet them, then replica by replica.',
  rows: [
    {
      title: 'At the gateway',
      panels: [
        graph({
          title: 'Rate by status',
          description: 'Answers a second. A new colour that grows is the first sign of most faults.',
          unit: 'reqps',
          width: 8,
          stacked: true,
          queries: [
            promql(
              `sum by (status) (rate(http_requests_total{job="gateway", ${users}}[$__rate_interval]))`,
              '{{status}}',
            ),
          ],
        }),
        graph({
          title: 'Error ratio',
          description: 'Share of answers that are a 5xx. HighErrorRate pages above the line, at 5 %.',
          unit: 'percentunit',
          width: 8,
          limit: 0.05,
          queries: [promql('job:http_requests:error_ratio{job=~"gateway|api"}', '{{job}}')],
        }),
        graph({
          title: 'Duration',
          description:
            'Quantiles of all users’ requests. The dots are exemplars: each opens the trace of one request.',
          unit: 's',
          width: 8,
          limit: 0.2,
          queries: [
            promql(quantile(0.5, 'job="gateway"', 'le'), 'p50'),
            promql(quantile(0.95, 'job="gateway"', 'le'), 'p95', { exemplars: true }),
            promql(quantile(0.99, 'job="gateway"', 'le'), 'p99'),
          ],
        }),
      ],
    },
    {
      title: 'Replica by replica',
      panels: [
        graph({
          title: 'Rate by replica',
          description: 'Requests a second that each replica answers. The balancer sends a slow replica less.',
          unit: 'reqps',
          width: 8,
          drill: { title: 'Open the instance', uid: 'instance' },
          queries: [promql('instance:http_requests:rate', '{{instance}}')],
        }),
        graph({
          title: 'p95 by replica',
          description:
            'One line away from the others is one sick replica; all lines up is something they share. HighLatency warns above 300 ms.',
          unit: 's',
          width: 8,
          limit: 0.3,
          drill: { title: 'Open the instance', uid: 'instance' },
          queries: [promql(quantile(0.95, 'job="api"', 'instance, le'), '{{instance}}', { exemplars: true })],
        }),
        graph({
          title: 'Mean by replica',
          description: 'Beside the p95 to show what a mean hides: a few very slow requests barely move it.',
          unit: 's',
          width: 8,
          drill: { title: 'Open the instance', uid: 'instance' },
          queries: [promql('instance:http_request_duration_seconds:mean', '{{instance}}')],
        }),
        graph({
          title: 'Share of the traffic',
          description: 'Where the gateway sends requests. With equal replicas each has a third.',
          unit: 'percentunit',
          max: 1,
          queries: [promql('gateway:upstream_share:ratio', '{{upstream}}')],
        }),
        graph({
          title: 'Requests in progress',
          description: 'Accepted and not yet answered. It grows when work arrives faster than it is done.',
          unit: 'short',
          drill: { title: 'Open the instance', uid: 'instance' },
          queries: [
            promql('sum by (instance) (http_requests_in_progress{job=~"api|gateway"})', '{{instance}}'),
          ],
        }),
      ],
    },
    {
      title: 'What the replicas use',
      panels: [
        graph({
          title: 'CPU by instance',
          description:
            'Processors that each process keeps busy, side by side. One that is alone is busy with itself. HighCpuUsage warns above 70 %.',
          unit: 'percentunit',
          width: 6,
          limit: 0.7,
          drill: { title: 'Open the instance', uid: 'instance' },
          queries: [
            promql('rate(process_cpu_seconds_total{job=~"api|gateway"}[$__rate_interval])', '{{instance}}'),
          ],
        }),
        graph({
          title: 'Memory by instance',
          description: 'Resident memory. HighMemoryUsage warns above 300 MB.',
          unit: 'bytes',
          width: 6,
          limit: 300e6,
          drill: { title: 'Open the instance', uid: 'instance' },
          queries: [promql('process_resident_memory_bytes{job=~"api|gateway"}', '{{instance}}')],
        }),
        graph({
          title: 'Heap used by instance',
          description:
            'What JavaScript objects take. It goes up and down with each collection; only its floor says something.',
          unit: 'bytes',
          width: 6,
          drill: { title: 'Open the instance', uid: 'instance' },
          queries: [promql('nodejs_heap_size_used_bytes{job=~"api|gateway"}', '{{instance}}')],
        }),
        graph({
          title: 'Event loop lag by instance',
          description: 'How late the only thread is. EventLoopLag warns above 200 ms.',
          unit: 's',
          width: 6,
          limit: 0.2,
          drill: { title: 'Open the instance', uid: 'instance' },
          queries: [promql('nodejs_eventloop_lag_p99_seconds{job=~"api|gateway"}', '{{instance}}')],
        }),
      ],
    },
    {
      title: 'Compared with before',
      panels: [
        graph({
          title: 'Requests, now and one range ago',
          description:
            'The second line is the stretch of time before this one: choose a day or a week as the range, and it is yesterday or last week. No second line: the lab has not run for so long.',
          unit: 'reqps',
          queries: [
            promql('job:http_requests:rate{job="gateway"}', 'now'),
            promql('job:http_requests:rate{job="gateway"} offset $__range', 'before'),
          ],
        }),
        graph({
          title: 'p95 and what is usual',
          description:
            'Usual is the mean over a length of time like the range, and three standard deviations above it. Above that something has changed; below it a limit may still be broken.',
          unit: 's',
          queries: [
            promql('gateway:http_request_duration_seconds:p95', 'p95'),
            promql(
              'avg_over_time(gateway:http_request_duration_seconds:p95[$__range]) + 3 * stddev_over_time(gateway:http_request_duration_seconds:p95[$__range])',
              'usual at the most',
            ),
            promql('avg_over_time(gateway:http_request_duration_seconds:p95[$__range])', 'usual'),
          ],
        }),
      ],
    },
    {
      title: 'By endpoint',
      panels: [
        graph({
          title: 'p95 by endpoint',
          description: 'Which route is slow, over all replicas. Only those that share what is broken rise.',
          unit: 's',
          limit: 0.3,
          queries: [promql(quantile(0.95, 'job="api"', 'endpoint, le'), '{{endpoint}}', { exemplars: true })],
        }),
        graph({
          title: 'Errors by endpoint and kind',
          description:
            'Requests a second that ended in an error, refusals (4xx) included, by what kind it was.',
          unit: 'reqps',
          queries: [
            promql(
              `sum by (endpoint, error_type) (rate(http_request_errors_total{job="api", ${users}}[$__rate_interval]))`,
              '{{endpoint}} {{error_type}}',
            ),
          ],
        }),
        heatmap({
          title: 'Spread of the durations at the gateway',
          description:
            'A second band above the main one is a second population of requests: one replica, one route, one user.',
          unit: 's',
          queries: [
            promql(
              `sum by (le) (increase(http_request_duration_seconds_bucket{job="gateway", ${users}}[$__rate_interval]))`,
              '{{le}}',
              { format: 'heatmap', exemplars: true },
            ),
          ],
        }),
        table({
          title: 'Endpoints now',
          description: 'Requests a second by method, endpoint and status over the last interval.',
          unit: 'reqps',
          queries: [
            promql(
              `sum by (method, endpoint, status) (rate(http_requests_total{job="api", ${users}}[$__rate_interval])) > 0`,
              '',
              { instant: true, format: 'table' },
            ),
          ],
        }),
      ],
    },
  ],
});
