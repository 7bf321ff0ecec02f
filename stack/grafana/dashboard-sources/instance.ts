import { BigValueTextMode } from '@grafana/grafana-foundation-sdk/common';
import { dashboard, instanceVariable } from './dashboard.ts';
import { graph, logs, stat } from './panels.ts';
import { logql, promql, users } from './queries.ts';

const one = 'instance="$instance"';
const latency = (share: number) =>
  `histogram_quantile(${share}, sum by (le) (rate(http_request_duration_seconds_bucket{${one}, ${users}}[$__rate_interval])))`;

export const instance = dashboard({
  uid: 'instance',
  description: 'One process: what it answers, what it uses, what it waits for.',
  variables: [instanceVariable({ all: false })],
  rows: [
    {
      title: '$instance',
      panels: [
        stat({
          title: 'Up',
          description:
            '1 while Prometheus can scrape it. A frozen process is down too: its scrape times out.',
          unit: 'short',
          color: 'red',
          steps: [[1, 'green']],
          queries: [promql(`up{${one}}`)],
        }),
        stat({
          title: 'Version',
          description: 'The version that runs. Two versions among the replicas is a deployment half done.',
          unit: 'none',
          color: 'blue',
          queries: [promql(`build_info{${one}}`, '{{version}}')],
        }).textMode(BigValueTextMode.Name),
        stat({
          title: 'Age',
          description: 'Time since the process started. A small number during an incident is a restart.',
          unit: 's',
          color: 'blue',
          queries: [promql(`time() - process_start_time_seconds{${one}}`)],
        }),
        stat({
          title: 'Restarts',
          description: 'Times that it started anew within the range of the dashboard.',
          unit: 'short',
          steps: [[1, 'orange']],
          queries: [promql(`changes(process_start_time_seconds{${one}}[$__range])`)],
        }),
        stat({
          title: 'Memory',
          description: 'Resident memory. HighMemoryUsage warns above 300 MB.',
          unit: 'decbytes',
          steps: [
            [200e6, 'orange'],
            [300e6, 'red'],
          ],
          queries: [promql(`process_resident_memory_bytes{${one}}`)],
        }),
        stat({
          title: 'Event loop lag p99',
          description: 'How late timers run on the only thread. EventLoopLag warns above 200 ms.',
          unit: 's',
          steps: [
            [0.05, 'orange'],
            [0.2, 'red'],
          ],
          queries: [promql(`nodejs_eventloop_lag_p99_seconds{${one}}`)],
        }),
      ],
    },
    {
      title: 'Requests',
      panels: [
        graph({
          title: 'Rate by status',
          description: 'Answers a second of this process.',
          unit: 'reqps',
          width: 8,
          stacked: true,
          queries: [
            promql(
              `sum by (status) (rate(http_requests_total{${one}, ${users}}[$__rate_interval]))`,
              '{{status}}',
            ),
          ],
        }),
        graph({
          title: 'Duration',
          description:
            'Quantiles and, for comparison, the mean. The dots are exemplars: each opens a trace. HighLatency warns above 300 ms.',
          unit: 's',
          width: 8,
          limit: 0.3,
          queries: [
            promql(latency(0.5), 'p50'),
            promql(latency(0.95), 'p95', { exemplars: true }),
            promql(latency(0.99), 'p99'),
            promql(
              `sum(rate(http_request_duration_seconds_sum{${one}, ${users}}[$__rate_interval])) / sum(rate(http_request_duration_seconds_count{${one}, ${users}}[$__rate_interval]))`,
              'mean',
            ),
          ],
        }),
        graph({
          title: 'In progress',
          description: 'Accepted and not yet answered, by endpoint.',
          unit: 'short',
          width: 8,
          queries: [
            promql(`sum by (endpoint) (http_requests_in_progress{${one}, ${users}})`, '{{endpoint}}'),
          ],
        }),
      ],
    },
    {
      title: 'What it uses',
      panels: [
        graph({
          title: 'CPU',
          description: 'Cores in use. At one, the thread that runs the code has no time left.',
          unit: 'short',
          width: 8,
          queries: [
            promql(`rate(process_cpu_user_seconds_total{${one}}[$__rate_interval])`, 'user'),
            promql(`rate(process_cpu_system_seconds_total{${one}}[$__rate_interval])`, 'system'),
          ],
        }),
        graph({
          title: 'Event loop lag',
          description: 'High with high CPU: something computes. High with low CPU: something blocks.',
          unit: 's',
          width: 8,
          limit: 0.2,
          queries: [
            promql(`nodejs_eventloop_lag_p50_seconds{${one}}`, 'p50'),
            promql(`nodejs_eventloop_lag_p99_seconds{${one}}`, 'p99'),
          ],
        }),
        graph({
          title: 'Memory',
          description: 'A heap that rises over many garbage collections and never falls is a leak.',
          unit: 'decbytes',
          width: 8,
          limit: 300e6,
          queries: [
            promql(`process_resident_memory_bytes{${one}}`, 'resident'),
            promql(`nodejs_heap_size_used_bytes{${one}}`, 'heap used'),
            promql(`nodejs_external_memory_bytes{${one}}`, 'external'),
          ],
        }),
        graph({
          title: 'Garbage collection',
          description: 'Share of time spent collecting, by kind. Many major ones mean that memory is short.',
          unit: 'percentunit',
          width: 8,
          queries: [
            promql(
              `sum by (kind) (rate(nodejs_gc_duration_seconds_sum{${one}}[$__rate_interval]))`,
              '{{kind}}',
            ),
          ],
        }),
        graph({
          title: 'Database connections',
          description: 'This replica’s pool. The gateway and the inbox have none.',
          unit: 'short',
          width: 8,
          queries: [
            promql(`database_connections_active{${one}}`, 'active'),
            promql(`database_connections_waiting{${one}}`, 'waiting'),
            promql(`database_connections_max{${one}}`, 'max'),
          ],
        }),
        graph({
          title: 'p95 of its queries',
          description: 'Time inside PostgreSQL as this replica measures it.',
          unit: 's',
          width: 8,
          limit: 0.1,
          queries: [
            promql(
              `histogram_quantile(0.95, sum by (operation, le) (rate(database_query_duration_seconds_bucket{${one}}[$__rate_interval])))`,
              '{{operation}}',
            ),
          ],
        }),
      ],
    },
    {
      title: 'Lines',
      panels: [
        logs({
          title: 'Warnings and errors',
          description:
            'What this process complained of. Each line leads to its trace; all lines are one level down.',
          queries: [logql('{app="notes", instance="$instance", level=~"warn|error"}')],
        }),
      ],
    },
  ],
});
