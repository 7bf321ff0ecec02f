import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export const integrationKinds = [
  'discord',
  'email',
  'incidentio',
  'jira',
  'mattermost',
  'msteams',
  'msteamsv2',
  'opsgenie',
  'pagerduty',
  'pushover',
  'rocketchat',
  'slack',
  'sns',
  'telegram',
  'victorops',
  'webex',
  'webhook',
  'wechat',
];
const failureReasons = ['clientError', 'contextCanceled', 'contextDeadlineExceeded', 'other', 'serverError'];

/** What the gauges are read from when somebody scrapes. */
export interface Gauges {
  readonly alerts: () => { active: number; suppressed: number; unprocessed: number };
  readonly silences: () => { active: number; pending: number; expired: number };
  readonly groups: () => number;
  readonly inhibitionRules: () => number;
  readonly receivers: () => number;
  readonly integrations: () => number;
}

/** The server's own metrics, under the names of the real Alertmanager. */
export function createMetrics(version: string) {
  const registers = [new Registry()] as const;
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `alertmanager_${name}`, help, labelNames, registers: [...registers] });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `alertmanager_${name}`, help, labelNames, registers: [...registers] });

  const alerts = gauge('alerts', 'How many alerts by state.', ['state']);
  const silences = gauge('silences', 'How many silences by state.', ['state']);
  const groups = gauge('dispatcher_aggregation_groups', 'Number of active aggregation groups');
  const rules = gauge('inhibition_rules', 'Number of configured inhibition rules.');
  const receivers = gauge('receivers', 'Number of configured receivers.');
  const integrations = gauge('integrations', 'Number of configured integrations.');
  const build = gauge(
    'build_info',
    "A metric with a constant '1' value labeled by version, revision, branch, goversion from which alertmanager was built, and the goos and goarch for the build.",
    ['branch', 'goarch', 'goos', 'goversion', 'revision', 'tags', 'version'],
  );
  build.set(
    {
      branch: 'embedded',
      goarch: process.arch,
      goos: process.platform,
      goversion: `node${process.versions.node}`,
      revision: 'embedded',
      tags: 'unknown',
      version,
    },
    1,
  );
  gauge('cluster_enabled', 'Indicates whether the clustering is enabled or not.').set(0);
  gauge('alerts_per_alert_limit', 'Current limit on number of alerts per alert name').set(0);
  // Groups are made on one thread here: there is no contention to retry under.
  for (const [name, help] of [
    [
      'creation_given_up_total',
      'Number of alerts dropped because aggregation group creation exceeded the retry limit.',
    ],
    ['creation_retries_total', 'Number of CAS retries while creating aggregation groups under contention.'],
  ] as const)
    counter(`dispatcher_aggregation_group_${name}`, help).inc(0);
  const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20];
  const metrics = {
    received: counter('alerts_received_total', 'The total number of received alerts.', ['status', 'version']),
    invalid: counter('alerts_invalid_total', 'The total number of received alerts that were invalid.', [
      'version',
    ]),
    written: counter(
      'alerts_subscriber_channel_writes_total',
      'Number of times alerts were written to subscriber channels',
      ['subscriber'],
    ),
    limited: gauge('alerts_limited', 'Alerts that were dropped because the limit of alerts was reached.'),
    notifications: counter('notifications_total', 'The total number of attempted notifications.', [
      'integration',
    ]),
    notificationsFailed: counter('notifications_failed_total', 'The total number of failed notifications.', [
      'integration',
      'reason',
    ]),
    requests: counter('notification_requests_total', 'The total number of attempted notification requests.', [
      'integration',
    ]),
    requestsFailed: counter(
      'notification_requests_failed_total',
      'The total number of failed notification requests.',
      ['integration'],
    ),
    latency: new Histogram({
      name: 'alertmanager_notification_latency_seconds',
      help: 'The latency of notifications in seconds.',
      labelNames: ['integration'],
      buckets: [1, 5, 10, 15, 20],
      registers: [...registers],
    }),
    suppressed: counter(
      'notifications_suppressed_total',
      'The total number of notifications suppressed for being silenced, inhibited, outside of active time intervals or within muted time intervals.',
      ['reason'],
    ),
    requestDuration: new Histogram({
      name: 'alertmanager_http_request_duration_seconds',
      help: 'Histogram of latencies for HTTP requests.',
      labelNames: ['code', 'handler', 'method'],
      buckets: seconds,
      registers: [...registers],
    }),
    configHash: gauge(
      'config_hash',
      'Hash of the currently loaded alertmanager configuration. Note that this is not a cryptographically strong hash.',
    ),
    reloadSuccessful: gauge(
      'config_last_reload_successful',
      'Whether the last configuration reload attempt was successful.',
    ),
    reloadTimestamp: gauge(
      'config_last_reload_success_timestamp_seconds',
      'Timestamp of the last successful configuration reload.',
    ),
    async render(gauges: Gauges): Promise<string> {
      for (const [state, count] of Object.entries(gauges.alerts())) alerts.set({ state }, count);
      for (const [state, count] of Object.entries(gauges.silences())) silences.set({ state }, count);
      groups.set(gauges.groups());
      rules.set(gauges.inhibitionRules());
      receivers.set(gauges.receivers());
      integrations.set(gauges.integrations());
      return registers[0].metrics();
    },
  };
  for (const integration of integrationKinds) {
    for (const metric of [metrics.notifications, metrics.requests, metrics.requestsFailed])
      metric.inc({ integration }, 0);
    for (const reason of failureReasons) metrics.notificationsFailed.inc({ integration, reason }, 0);
    metrics.latency.zero({ integration });
  }
  for (const status of ['firing', 'resolved']) metrics.received.inc({ status, version: 'v2' }, 0);
  metrics.invalid.inc({ version: 'v2' }, 0);
  return metrics;
}

export type Metrics = ReturnType<typeof createMetrics>;
