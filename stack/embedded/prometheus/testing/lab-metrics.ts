/**
 * What the lab's processes expose, with values that are plain functions of time: to be scraped (`exposition`) or to be
 * loaded as history (`openMetrics`). The lab it shows is a sick one, so that nearly every alert has something to say:
 * errors, a slow replica, a full pool, an open breaker, a standby that is behind, an inbox that is down.
 */

export interface LabSeries {
  /** The component that exposes it; the scrape adds its `job` and `instance`. */
  readonly component: string;
  readonly family: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  valueAt(seconds: number): number;
}

export interface LabMetricsOptions {
  /** Routes per service; the number of series grows with it. Default 3. */
  readonly endpoints?: number;
  /**
   * `even`: counters grow by the same amount every second, gauges move slowly, so that two servers that scrape half a
   * second apart agree. `uneven`: whole numbers, varying rates and restarts, for data that both read from one file.
   */
  readonly motion: 'even' | 'uneven';
}

export const labJobs: Readonly<Record<string, string>> = {
  gateway: 'gateway',
  'api-1': 'api',
  'api-2': 'api',
  'api-3': 'api',
  inbox: 'inbox',
  prometheus: 'prometheus',
  alertmanager: 'alertmanager',
  loki: 'loki',
  jaeger: 'jaeger',
  grafana: 'grafana',
};

/** The component whose scrapes fail. */
export const downComponent = 'inbox';

const durationBounds = [
  '0.005',
  '0.01',
  '0.025',
  '0.05',
  '0.1',
  '0.2',
  '0.3',
  '0.5',
  '1',
  '2.5',
  '5',
  '+Inf',
];
const replicas = ['api-1', 'api-2', 'api-3'];

/** Routes that rules and checks name. */
const namedRoutes = ['/api/v1/auth/login', '/health', '/api/v1/notes/search'];

/** Every series of the lab. */
export function labSeries({ endpoints = 3, motion }: LabMetricsOptions): LabSeries[] {
  const all: LabSeries[] = [];
  const add = (
    component: string,
    type: LabSeries['type'],
    family: string,
    name: string,
    labels: Record<string, string>,
    valueAt: (seconds: number) => number,
  ): void => {
    all.push({ component, type, family, name, labels, valueAt });
  };
  const counter = (
    component: string,
    name: string,
    labels: Record<string, string>,
    perSecond: number,
  ): void =>
    add(component, 'counter', name, name, labels, growth(perSecond, motion, phaseOf(component, labels)));
  const gauge = (component: string, name: string, labels: Record<string, string>, base: number): void => {
    const phase = phaseOf(name + component, labels);
    const swing = motion === 'even' ? 0.02 : 0.3;
    add(
      component,
      'gauge',
      name,
      name,
      labels,
      (seconds) => base * (1 + swing * Math.sin(seconds / 60 + phase)),
    );
  };
  const constant = (component: string, name: string, labels: Record<string, string>, value: number): void =>
    add(component, 'gauge', name, name, labels, () => value);
  /** `median`: where half of the observations lie below. */
  const histogram = (
    component: string,
    name: string,
    labels: Record<string, string>,
    perSecond: number,
    median: number,
    bounds: readonly string[] = durationBounds,
  ): void => {
    const phase = phaseOf(component, labels);
    for (const le of bounds) {
      const share = le === '+Inf' ? 1 : 1 / (1 + (median / Number(le)) ** 2);
      add(
        component,
        'histogram',
        name,
        `${name}_bucket`,
        { ...labels, le },
        growth(perSecond * share, motion, phase),
      );
    }
    add(component, 'histogram', name, `${name}_sum`, labels, growth(perSecond * median * 1.4, 'even', phase));
    add(component, 'histogram', name, `${name}_count`, labels, growth(perSecond, motion, phase));
  };

  for (const component of Object.keys(labJobs)) {
    gauge(component, 'process_resident_memory_bytes', {}, component === 'api-2' ? 400e6 : 90e6);
    gauge(component, 'nodejs_eventloop_lag_p99_seconds', {}, component === 'gateway' ? 0.4 : 0.02);
    gauge(component, 'nodejs_heap_size_used_bytes', {}, 40e6);
    gauge(component, 'process_open_fds', {}, 30);
    gauge(component, 'nodejs_eventloop_lag_p50_seconds', {}, 0.01);
    gauge(component, 'nodejs_external_memory_bytes', {}, 5e6);
    counter(component, 'process_cpu_seconds_total', {}, component === 'api-3' ? 0.9 : 0.2);
    counter(component, 'process_cpu_user_seconds_total', {}, 0.15);
    counter(component, 'process_cpu_system_seconds_total', {}, 0.05);
    for (const kind of ['minor', 'major', 'incremental'])
      histogram(component, 'nodejs_gc_duration_seconds', { kind }, 0.5, 0.002, [
        '0.001',
        '0.01',
        '0.1',
        '+Inf',
      ]);
    for (const level of ['debug', 'info', 'error']) counter(component, 'log_lines_total', { level }, 20);
    counter(component, 'log_lines_dropped_total', { reason: 'refused' }, 3);
    constant(component, 'build_info', { version: '1.0.0' }, 1);
    constant(component, 'process_start_time_seconds', {}, 1_767_225_600);
  }
  for (const upstream of replicas) {
    histogram(
      'gateway',
      'service_call_duration_seconds',
      { source_service: 'gateway', target_service: 'api', operation: upstream, status: 'ok' },
      20,
      0.03,
    );
    constant('gateway', 'circuit_breaker_state', { upstream }, upstream === 'api-1' ? 1 : 0);
    constant('gateway', 'gateway_upstream_healthy', { upstream }, upstream === 'api-1' ? 0 : 1);
    counter(
      'gateway',
      'gateway_upstream_requests_total',
      { upstream, status: '200' },
      upstream === 'api-1' ? 4 : 20,
    );
    counter('gateway', 'gateway_upstream_requests_total', { upstream, status: '503' }, 1);
  }
  for (const component of replicas) {
    gauge(component, 'database_connections_active', {}, component === 'api-1' ? 9.5 : 3);
    gauge(component, 'database_connections_idle', {}, 2);
    gauge(component, 'database_connections_waiting', {}, 1);
    constant(component, 'database_connections_max', {}, 10);
    constant(component, 'database_up', {}, 0);
    gauge(component, 'database_replication_lag_seconds', { standby: 'postgres-replica' }, 8);
    counter(component, 'database_connection_errors_total', {}, 0.5);
    counter(component, 'notes_created_total', { user_role: 'user' }, 60);
    counter(component, 'notes_deleted_total', { user_role: 'user' }, 2);
    counter(component, 'user_registrations_total', { source: 'web', status: 'success' }, 0);
    counter(component, 'user_registrations_total', { source: 'web', status: 'failure' }, 1);
    counter(component, 'authentication_attempts_total', { method: 'password', success: 'true' }, 3);
    counter(component, 'authentication_attempts_total', { method: 'password', success: 'false' }, 1);
    for (const result of ['hit', 'miss'])
      counter(component, 'cache_operations_total', { cache_name: 'notes', operation: 'get', result }, 10);
    for (const status of ['completed', 'failed']) counter(component, 'orders_total', { status }, 2);
    histogram(component, 'order_value_dollars', {}, 2, 40, ['10', '50', '100', '500', '+Inf']);
    for (const [operation, mean] of [
      ['select', 0.02],
      ['insert', 0.3],
    ] as const)
      histogram(component, 'database_query_duration_seconds', { operation, table: 'notes' }, 20, mean);
    histogram(
      component,
      'service_call_duration_seconds',
      { source_service: 'api', target_service: 'payment', operation: 'pay', status: 'ok' },
      2,
      0.05,
    );
  }
  counter('loki', 'loki_distributor_bytes_received_total', { tenant: 'fake' }, 400e3);
  counter('loki', 'loki_distributor_lines_received_total', { tenant: 'fake' }, 900);
  gauge('loki', 'loki_ingester_memory_streams', { tenant: 'fake' }, 12);
  gauge('prometheus', 'prometheus_tsdb_head_series', {}, 3000);
  counter('prometheus', 'prometheus_rule_evaluation_failures_total', { rule_group: 'alerts' }, 1);
  counter('alertmanager', 'alertmanager_notifications_failed_total', { integration: 'webhook' }, 1);
  counter('prometheus', 'prometheus_tsdb_head_samples_appended_total', { type: 'float' }, 3000);
  counter('jaeger', 'otelcol_receiver_accepted_spans_total', { receiver: 'otlp', transport: 'http' }, 300);
  counter('jaeger', 'otelcol_receiver_refused_spans_total', { receiver: 'otlp', transport: 'http' }, 2);
  counter('jaeger', 'otelcol_exporter_sent_spans_total', { exporter: 'jaeger_storage_exporter' }, 290);
  for (const sampled of ['true', 'false']) {
    const labels = { policy: 'keep', sampled };
    counter('jaeger', 'otelcol_processor_tail_sampling_global_count_traces_sampled_total', labels, 20);
  }
  for (let index = 0; index < endpoints; index++) {
    for (const component of ['gateway', ...replicas]) {
      // No two routes alike: topk would have to choose between equals.
      const perSecond = (component === 'gateway' ? 30 : 10) * (1 + index / 4);
      const route = {
        method: index % 2 === 0 ? 'GET' : 'POST',
        endpoint: namedRoutes[index] ?? `/api/v1/notes/${index}`,
      };
      gauge(component, 'http_requests_in_progress', route, 3);
      counter(component, 'http_request_errors_total', { ...route, error_type: 'database' }, 0.8);
      for (const [status, share] of [
        ['200', 0.8],
        ['404', 0.1],
        ['500', 0.1],
      ] as const) {
        counter(component, 'http_requests_total', { ...route, status }, perSecond * share);
        const median = component === 'api-1' ? 0.25 : 0.02;
        histogram(
          component,
          'http_request_duration_seconds',
          { ...route, status },
          perSecond * share,
          median,
        );
      }
    }
  }
  return all;
}

/** What the recording rules have made of it before; for history, over which no rule was ever evaluated. */
export function recordedSeries(): LabSeries[] {
  const all: LabSeries[] = [];
  const add = (name: string, labels: Record<string, string>, base: number): void => {
    const phase = phaseOf(name, labels);
    all.push({
      component: '',
      type: 'gauge',
      family: name,
      name,
      labels,
      valueAt: (seconds) => base * (1 + 0.1 * Math.sin(seconds / 60 + phase)),
    });
  };
  for (const [job, ratio] of [
    ['gateway', 0.1],
    ['api', 0.1],
  ] as const) {
    add('job:http_requests:rate', { job }, 60);
    add('job:http_requests:error_ratio', { job }, ratio);
  }
  for (const instance of replicas) {
    const p95 = instance === 'api-1' ? 0.9 : 0.08;
    add('instance:http_requests:rate', { instance }, 20);
    add('instance:http_request_duration_seconds:mean', { instance }, p95 / 3);
    add('instance:http_request_duration_seconds:p50', { instance }, p95 / 2);
    add('instance:http_request_duration_seconds:p95', { instance }, p95);
    add('instance:http_request_duration_seconds:p99', { instance }, p95 * 2);
    add('instance:database_connections:utilization', { instance, job: 'api' }, 0.95);
    add('gateway:upstream_share:ratio', { upstream: instance }, 1 / 3);
  }
  add('gateway:http_request_duration_seconds:p95', {}, 0.2);
  add('job:database_query_duration_seconds:p99', {}, 0.4);
  add('loki:received_bytes:rate', {}, 400e3);
  add('loki:received_lines:rate', {}, 900);
  for (const window of ['fast_short', 'fast_long', 'slow_short', 'slow_long', 'budget']) {
    add('slo:availability:error_ratio', { window }, 0.1);
    if (window !== 'budget') add('slo:availability:burn_rate', { window }, 100);
  }
  add(
    'ALERTS',
    {
      alertname: 'HighLatency',
      alertstate: 'firing',
      severity: 'warning',
      service: 'api',
      instance: 'api-1',
    },
    1,
  );
  add('ALERTS', { alertname: 'Watchdog', alertstate: 'firing', severity: 'none', service: 'prometheus' }, 1);
  add('api:replicas_healthy:ratio', {}, 2 / 3);
  add('slo:availability:time_to_exhaustion_seconds', {}, 900);
  add('slo:availability:objective', {}, 0.999);
  add('slo:availability:error_budget_remaining', { window: 'budget' }, -99);
  add('slo:latency:objective', {}, 0.95);
  add('slo:latency:good_ratio', {}, 0.97);
  add('slo:authentication:objective', {}, 0.9995);
  add('slo:authentication:error_ratio', {}, 0.1);
  add('slo:database:objective_seconds', {}, 0.1);
  add('slo:database:p99_seconds', {}, 0.15);
  return all;
}

/** A component's page in the text format, as it is at this moment. */
export function exposition(all: readonly LabSeries[], component: string, seconds: number): string {
  const lines: string[] = [];
  const families = new Map<string, LabSeries[]>();
  for (const series of all) {
    if (series.component !== component) continue;
    const family = families.get(series.family);
    if (family === undefined) families.set(series.family, [series]);
    else family.push(series);
  }
  for (const [family, members] of families) {
    lines.push(`# TYPE ${family} ${members[0]!.type}`);
    for (const { name, labels, valueAt } of members)
      lines.push(`${name}${braces(labels)} ${valueAt(seconds)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** One series as stored: its text with `job` and `instance`, as after a scrape. */
export function storedText({ component, name, labels }: LabSeries): string {
  const job = labJobs[component];
  return `${name}${braces(job === undefined ? labels : { ...labels, job, instance: component })}`;
}

/** What the scrapes themselves leave of every target: `up` and its siblings. */
export function upSeries(): LabSeries[] {
  const synthetic: Record<string, (component: string) => number> = {
    up: (component) => (component === downComponent ? 0 : 1),
    scrape_samples_scraped: (component) => 100 + component.length,
    scrape_samples_post_metric_relabeling: (component) => (component === 'api-1' ? 5000 : 400),
    scrape_duration_seconds: (component) => (component === 'loki' ? 0.9 : 0.01) + component.length / 1000,
  };
  return Object.entries(synthetic).flatMap(([name, valueFor]) =>
    Object.keys(labJobs).map((component) => ({
      component,
      type: 'gauge' as const,
      family: name,
      name,
      labels: {},
      valueAt: () => valueFor(component),
    })),
  );
}

function braces(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** A counter that is zero at second zero. The uneven one speeds up and slows down, and restarts now and then. */
function growth(
  perSecond: number,
  motion: LabMetricsOptions['motion'],
  phase: number,
): (seconds: number) => number {
  if (motion === 'even') return (seconds) => perSecond * seconds;
  const restartSeconds = 500 + 100 * phase;
  return (seconds) => {
    const since = seconds % restartSeconds;
    return Math.floor(perSecond * (since + 9 * (Math.sin(since / 10 + phase) - Math.sin(phase))));
  };
}

/** A number in [0, 6.3) that differs from series to series, and not between the buckets of one histogram. */
function phaseOf(component: string, labels: Readonly<Record<string, string>>): number {
  let hash = 7;
  for (const character of component + Object.values(labels).join()) {
    hash = (hash * 31 + character.charCodeAt(0)) % 1_000_003;
  }
  return (hash % 6283) / 1000;
}
