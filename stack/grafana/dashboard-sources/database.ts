import { dashboard } from './dashboard.ts';
import { graph, logs, stat, states } from './panels.ts';
import { logql, promql } from './queries.ts';

const quantile = (share: number, by: string) =>
  `histogram_quantile(${share}, sum by (${by}) (rate(database_query_duration_seconds_bucket{job="api"}[$__rate_interval])))`;

export const database = dashboard({
  uid: 'database',
  description:
    'Utilization, saturation and errors (USE) of the connection pools, and how long PostgreSQL takes.',
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Replicas that reach the database',
          description: 'API replicas whose last look at PostgreSQL was answered. DatabaseDown pages at none.',
          unit: 'short',
          width: 6,
          color: 'red',
          steps: [
            [1, 'orange'],
            [3, 'green'],
          ],
          queries: [promql('sum(database_up{job="api"})')],
        }),
        stat({
          title: 'p99 of queries',
          description: 'Time inside PostgreSQL, waiting for a connection not included. Objective: 100 ms.',
          unit: 's',
          width: 6,
          steps: [[0.1, 'red']],
          queries: [promql('job:database_query_duration_seconds:p99')],
        }),
        stat({
          title: 'Fullest pool',
          description:
            'The largest share of its connections that a replica uses. DatabasePoolSaturation warns above 80 %.',
          unit: 'percentunit',
          width: 6,
          steps: [
            [0.5, 'orange'],
            [0.8, 'red'],
          ],
          queries: [promql('max(instance:database_connections:utilization)')],
        }),
        stat({
          title: 'Replication lag',
          description:
            'Age of the oldest change that the standby has not replayed: what would be lost with the primary.',
          unit: 's',
          width: 6,
          steps: [
            [1, 'orange'],
            [5, 'red'],
          ],
          queries: [promql('max(database_replication_lag_seconds)')],
        }),
      ],
    },
    {
      title: 'Utilization, saturation, errors',
      panels: [
        graph({
          title: 'Utilization of the pools',
          description:
            'Connections in use, as a share of those allowed. High with few queries means that connections are held or leaked.',
          unit: 'percentunit',
          width: 8,
          max: 1,
          limit: 0.8,
          drill: { title: 'Open the instance', uid: 'instance' },
          queries: [promql('instance:database_connections:utilization', '{{instance}}')],
        }),
        graph({
          title: 'Saturation: callers that wait',
          description:
            'Requests that queue for a connection. Above zero, users wait while the database may be idle.',
          unit: 'short',
          width: 8,
          drill: { title: 'Open the instance', uid: 'instance' },
          queries: [promql('database_connections_waiting{job="api"}', '{{instance}}')],
        }),
        graph({
          title: 'Errors',
          description:
            'Connections that could not be made, were lost, or could not be had in time, a second.',
          unit: 'ops',
          width: 8,
          drill: { title: 'Open the instance', uid: 'instance' },
          queries: [
            promql(
              'sum by (instance) (rate(database_connection_errors_total{job="api"}[$__rate_interval]))',
              '{{instance}}',
            ),
          ],
        }),
        graph({
          title: 'Connections',
          description: 'In use and at rest, over all replicas, under what the pools may hold.',
          unit: 'short',
          queries: [
            promql('sum(database_connections_active{job="api"})', 'active'),
            promql('sum(database_connections_idle{job="api"})', 'idle'),
            promql('sum(database_connections_max{job="api"})', 'max'),
          ],
        }),
        states({
          title: 'Database as each replica sees it',
          description: 'All lanes red is the database; one red lane is that replica’s way to it.',
          unit: 'bool',
          height: 8,
          states: { 0: { text: 'unreachable', color: 'red' }, 1: { text: 'reachable', color: 'green' } },
          drill: { title: 'Open the instance', uid: 'instance' },
          queries: [promql('database_up{job="api"}', '{{instance}}')],
        }),
      ],
    },
    {
      title: 'Queries',
      panels: [
        graph({
          title: 'Duration of queries',
          description: 'Quantiles over all replicas. The line is the objective for the p99, 100 ms.',
          unit: 's',
          width: 8,
          limit: 0.1,
          queries: [
            promql(quantile(0.5, 'le'), 'p50'),
            promql(quantile(0.95, 'le'), 'p95'),
            promql(quantile(0.99, 'le'), 'p99'),
          ],
        }),
        graph({
          title: 'p95 by replica',
          description:
            'One replica apart from the others has its own trouble; PostgreSQL would slow all of them.',
          unit: 's',
          width: 8,
          limit: 0.1,
          drill: { title: 'Open the instance', uid: 'instance' },
          queries: [promql(quantile(0.95, 'instance, le'), '{{instance}}')],
        }),
        graph({
          title: 'p95 by statement',
          description: 'Which operation on which table is slow.',
          unit: 's',
          width: 8,
          limit: 0.1,
          queries: [promql(quantile(0.95, 'operation, table, le'), '{{operation}} {{table}}')],
        }),
        graph({
          title: 'Queries by statement',
          description: 'Calls a second. The cache keeps reads away: they rise when it is empty.',
          unit: 'ops',
          queries: [
            promql(
              'sum by (operation, table) (rate(database_query_duration_seconds_count{job="api"}[$__rate_interval]))',
              '{{operation}} {{table}}',
            ),
          ],
        }),
        graph({
          title: 'Replication lag',
          description: 'Seconds that the standby is behind. ReplicationLagHigh warns above the line, at 5 s.',
          unit: 's',
          limit: 5,
          queries: [promql('max by (standby) (database_replication_lag_seconds)', '{{standby}}')],
        }),
        logs({
          title: 'Slow queries and lost connections',
          description:
            'Every call above 100 ms is written at warn, with its operation, its table and its trace.',
          queries: [
            logql('{app="notes", service="api", level=~"warn|error"} |~ "slow query|database" | json'),
          ],
        }),
      ],
    },
  ],
});
