/** What a fault shows, pillar by pillar: for the catalogue of faults (`npm run catalogues`). */
export interface FaultSigns {
  readonly metrics: string;
  readonly logs: string;
  readonly traces: string;
  /** Those that fire with the fault's defaults under the load `steady`, or as `when` says. */
  readonly alerts: readonly string[];
  /** Where the alerts need another target or other parameters, or what else must be known about them. */
  readonly when?: string;
}

const unchanged = 'as before';

/** The signs of every fault of the catalogue, by its ID; a test holds that none is missing. */
export const faultSigns: Readonly<Record<string, FaultSigns>> = {
  'slow-queries': {
    metrics:
      '`instance:http_request_duration_seconds:p95` and `database_query_duration_seconds` of the target rise by the delay; the gateway sends it less',
    logs: 'warnings `slow query` with `duration_ms` and `trace_id`',
    traces: 'the client span of a PostgreSQL call takes the time',
    alerts: ['HighLatency', 'DatabaseLatencyHigh'],
  },
  latency: {
    metrics:
      '`instance:http_request_duration_seconds:p95` of the target rises by the delay; `database_query_duration_seconds` does not',
    logs: '`request completed` with a longer `duration_ms`',
    traces: 'a span `acquire lock` takes the time',
    alerts: ['HighLatency'],
    when: 'on an API replica',
  },
  errors: {
    metrics: '`http_requests_total{status="500"}` of the target grows by the rate',
    logs: 'errors `request failed`',
    traces: 'server spans with the status error',
    alerts: ['LowAvailability', 'SLOBudgetBurnRateFast', 'SLOBudgetBurnRateSlow', 'HighErrorRate'],
    when: 'HighErrorRate with `rate=1` on the gateway',
  },
  'rare-error': {
    metrics: '`http_request_errors_total` of the target grows now and then',
    logs: 'errors `request failed` with the stack of a TypeError',
    traces: 'a span `render response` with an exception',
    alerts: ['LowAvailability', 'SLOBudgetBurnRateFast', 'SLOBudgetBurnRateSlow'],
    when: 'with `oneIn=20`',
  },
  'slow-rare': {
    metrics: 'p99 rises and p50 stays; exemplars lead to the slow requests',
    logs: '`request completed` with a long `duration_ms`, one in `oneIn`',
    traces: 'a span `acquire lock` takes the time, in one trace in `oneIn`',
    alerts: [],
  },
  'latency-spikes': {
    metrics: 'p95 of the target rises for a moment, again and again',
    logs: '`request completed` with a longer `duration_ms`, in bursts',
    traces: 'a span `acquire lock`, in bursts',
    alerts: [],
  },
  'error-spikes': {
    metrics:
      'the error ratio and the burn rate of the short fast window rise for a moment, again and again; the long window hardly',
    logs: 'errors `request failed`, in bursts',
    traces:
      'server spans with the status error, in bursts; where it strikes the gateway, without a span of the API',
    alerts: [],
  },
  'slow-endpoint': {
    metrics: 'the duration of one `endpoint` rises for a while, those of the others stay',
    logs: '`request completed` of that endpoint with a longer `duration_ms`',
    traces: 'a span `acquire lock` below that endpoint',
    alerts: [],
  },
  'connection-leak': {
    metrics:
      '`database_connections_active` of the target rises to `database_connections_max`, then `database_connections_waiting` rises',
    logs: 'warnings `database connection failed` and `slow query`, errors `request failed`; the gateway warns `circuit opened`',
    traces: 'requests that wait for a connection, then fail',
    alerts: ['DatabasePoolSaturation', 'CircuitBreakerOpen', 'HighLatency'],
    when: 'one after the other, within half a minute',
  },
  'memory-leak': {
    metrics: '`process_resident_memory_bytes` of the target rises in a straight line',
    logs: unchanged,
    traces: unchanged,
    alerts: ['HighMemoryUsage'],
  },
  'cpu-burn': {
    metrics: '`rate(process_cpu_seconds_total[15s])` of the target approaches `utilization`',
    logs: unchanged,
    traces: 'every span of the target is a little longer',
    alerts: ['HighCpuUsage'],
  },
  'event-loop-block': {
    metrics: '`nodejs_eventloop_lag_p99_seconds` of the target rises to `blockMs`, and so do its durations',
    logs: '`request completed` with a longer `duration_ms`',
    traces: 'spans are long that do nothing',
    alerts: ['EventLoopLag'],
  },
  cardinality: {
    metrics:
      'a new metric `client_sessions_total`: `scrape_samples_scraped` of the target and `prometheus_tsdb_head_series` grow',
    logs: unchanged,
    traces: unchanged,
    alerts: ['CardinalityHigh'],
  },
  'debug-logging': {
    metrics: '`log_lines_total{level="debug"}` grows, and with it the bytes that Loki receives',
    logs: 'many lines with the level debug',
    traces: unchanged,
    alerts: ['LogVolumeHigh'],
    when: 'with the gateway and all three replicas at debug level',
  },
  'log-level': {
    metrics: '`log_lines_total` of the levels below stands still',
    logs: 'lines below the level are missing',
    traces: unchanged,
    alerts: [],
  },
  'planted-errors': {
    metrics: '`log_lines_total{level="error"}` grows slowly; no request fails',
    logs: 'errors `settlement lost` with the `marker`',
    traces: unchanged,
    alerts: [],
  },
  'logged-secret': {
    metrics: unchanged,
    logs: 'a line a second, `called with …`, that holds the service’s token in clear text',
    traces: unchanged,
    alerts: [],
  },
  sampling: {
    metrics: unchanged,
    logs: 'lines still carry a `trace_id`, of which most lead to no trace',
    traces: 'only a share of them',
    alerts: [],
  },
  stop: {
    metrics: '`up` of the target is 0; of an API replica `gateway_upstream_healthy` too',
    logs: 'no line of the target; the gateway warns that it took it out',
    traces: 'no span of the target',
    alerts: ['ServiceDown', 'DatabaseDown', 'AlertmanagerDown', 'LokiDown', 'JaegerDown', 'GrafanaDown'],
    when: 'ServiceDown for a service, DatabaseDown for `postgres-primary`, its own for a part of the stack; of `prometheus` the inbox says WatchdogMissing',
  },
  kill: {
    metrics: 'as for `stop`',
    logs: 'as for `stop`, without the last words of the target',
    traces: 'as for `stop`; requests under way end without a span',
    alerts: ['ServiceDown', 'DatabaseDown', 'AlertmanagerDown', 'LokiDown', 'JaegerDown', 'GrafanaDown'],
    when: 'ServiceDown for a service, DatabaseDown for `postgres-primary`, its own for a part of the stack; of `prometheus` the inbox says WatchdogMissing',
  },
  pause: {
    metrics: '`up` of the target is 0 after the scrape timeout; requests to it take the gateway’s timeout',
    logs: 'no line of the target; the gateway warns that it took it out',
    traces: 'no span of the target; the gateway’s spans end with a timeout',
    alerts: ['ServiceDown', 'DatabaseDown', 'AlertmanagerDown', 'LokiDown', 'JaegerDown', 'GrafanaDown'],
    when: 'ServiceDown for a service, DatabaseDown for `postgres-primary`, its own for a part of the stack',
  },
  'read-only': {
    metrics:
      '`http_requests_total{status="500"}` grows for what writes, on all replicas; `notes_created_total` stands still; `database_up` stays 1, because asking is reading',
    logs: 'errors `request failed` with `cannot execute INSERT in a read-only transaction`',
    traces: 'the span of an INSERT or UPDATE ends with that error',
    alerts: ['HighErrorRate', 'LowAvailability', 'SLOBudgetBurnRateFast', 'SLOBudgetBurnRateSlow'],
    when: 'about a quarter of the requests of `steady` write',
  },
  'restart-with-env': {
    metrics: '`process_start_time_seconds` of the target jumps; the rest depends on the variables',
    logs: '`service started`',
    traces: unchanged,
    alerts: [],
  },
  partition: {
    metrics: 'of a standby `database_replication_lag_seconds` rises; of a service `up` is 0',
    logs: 'whoever calls the target says that it does not answer',
    traces: 'calls of the target end with a timeout',
    alerts: ['ReplicationLagHigh'],
    when: 'for `postgres-replica`; ServiceDown for a service',
  },
  deploy: {
    metrics: '`build_info{version}` changes; with 1.1.0 one request in ten fails on `/api/v1/notes`',
    logs: 'errors `request failed` with the stack of the defect',
    traces: 'server spans of that endpoint with the status error',
    alerts: ['SLOBudgetBurnRateFast', 'HighErrorRate'],
    when: 'with the version on all replicas (`npm run lab -- deploy 1.1.0`)',
  },
  'config-overlay': {
    metrics: 'depends on the file: `prometheus_config_last_reload_success_timestamp_seconds` jumps',
    logs: unchanged,
    traces: 'with another sampling policy of Jaeger, others are kept',
    alerts: [],
  },
};

/** The signs of a fault; says where to write them when there are none. */
export function signsOf(fault: string): FaultSigns {
  const signs = faultSigns[fault];
  if (signs === undefined)
    throw new Error(`lab/faults/signs.ts does not say what the fault "${fault}" shows`);
  return signs;
}
