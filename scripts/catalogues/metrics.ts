import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Registry } from 'prom-client';
import { parse } from 'yaml';
import { createServiceFaults } from '../../services/admin/service-faults.ts';
import { createApi } from '../../services/api/api.ts';
import { apiEndpoints } from '../../services/api/endpoints.ts';
import { createGateway } from '../../services/gateway/gateway.ts';
import { startInbox } from '../../services/inbox/inbox.ts';
import { createLogger, type Logger } from '../../services/telemetry/logger.ts';
import {
  countLines,
  createRegistry,
  type MetricsRegistry,
} from '../../services/telemetry/metrics-registry.ts';
import { SwitchableSampler } from '../../services/telemetry/sampling.ts';
import { codes, page, table } from './markdown.ts';

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

interface Telemetry {
  readonly registry: MetricsRegistry;
  readonly logger: Logger;
  readonly sampler: SwitchableSampler;
}

/** No port answers there: the services register their metrics all the same. */
const nowhere = 'http://127.0.0.1:1';

/** Each service, made as its `main.ts` makes it, without listening; and what ends it. */
const services: Readonly<Record<string, (telemetry: Telemetry) => Promise<() => Promise<void> | void>>> = {
  gateway: async ({ registry, logger, sampler }) => {
    const { faults, middleware } = createServiceFaults({ registry, logger, sampler });
    const gateway = createGateway({
      addresses: [{ name: 'api-1', url: new URL(nowhere) }],
      endpoints: apiEndpoints,
      upstreamTimeoutMs: 1_000,
      healthIntervalMs: 60_000,
      breakerResetMs: 1_000,
      registry,
      logger,
      faults: middleware,
    });
    return async () => {
      await faults.endAll();
      gateway.close();
    };
  },
  api: async ({ registry, logger, sampler }) => {
    const api = createApi({
      instance: 'api-1',
      databaseUrl: 'postgres://nobody@127.0.0.1:1/nothing',
      databasePoolMax: 1,
      authTokenSecret: 'a secret of at least thirty-two characters',
      registry,
      logger,
      sampler,
    });
    return () => api.close();
  },
  inbox: async ({ registry, logger }) => {
    const inbox = await startInbox({
      host: '127.0.0.1',
      smtpPort: 0,
      watchdogTimeoutMs: 60_000,
      notificationsMax: 1,
      token: 'none',
      registry,
      logger,
    });
    return () => inbox.close();
  },
};

/** What a service has registered once it stands. */
async function registered(
  start: (telemetry: Telemetry) => Promise<() => Promise<void> | void>,
): Promise<Metric[]> {
  const { registry } = createRegistry('0.0.0');
  const logger = createLogger({
    SERVICE_NAME: 'catalogue',
    INSTANCE: 'catalogue',
    ENVIRONMENT: 'catalogue',
    SERVICE_VERSION: '0.0.0',
    LOG_LEVEL: 'fatal',
    LOKI_URL: undefined,
  });
  countLines(registry, logger);
  const end = await start({ registry, logger, sampler: new SwitchableSampler('parentbased_always_on', 1) });
  try {
    return metricsOf(registry);
  } finally {
    await end();
    await logger.close();
  }
}

function metricsOf(registry: Registry): Metric[] {
  return registry.getMetricsAsArray().map((metric) => {
    const {
      name,
      help,
      labelNames = [],
    } = metric as unknown as Omit<Metric, 'labels'> & { labelNames?: string[] };
    return { name, help, type: metric.constructor.name.toLowerCase(), labels: labelNames };
  });
}

/** Names that the recording rules add, and from which file. */
function recorded(root: string): string[][] {
  const folder = join(root, 'stack/prometheus/rules');
  type Rules = { groups: { rules: { record?: string; expr: string }[] }[] };
  return readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const { groups } = parse(readFileSync(join(folder, file), 'utf8')) as Rules;
      const names = groups.flatMap(({ rules }) => rules.flatMap(({ record }) => record ?? []));
      return [...new Set(names)].map((name) => [`\`${name}\``, `[${file}](prometheus/rules/${file})`]);
    });
}

/** `stack/METRICS.md`: what each service registers, and what the rules record from it. */
export async function metricsPage(root: string): Promise<string> {
  const byName = new Map<string, Metric & { services: string[] }>();
  for (const [service, start] of Object.entries(services)) {
    for (const metric of await registered(start)) {
      const known = byName.get(metric.name);
      if (known === undefined) byName.set(metric.name, { ...metric, services: [service] });
      else known.services.push(service);
    }
  }
  const all = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const isRuntime = ({ name }: Metric): boolean =>
    /^(?:nodejs|process)_/.test(name) && name !== 'process_crashes_total';
  const header = ['Metric', 'Type', 'What it says', 'Labels', 'Registered by'];
  const row = (metric: Metric & { services: string[] }): string[] => [
    `\`${metric.name}\``,
    metric.type,
    metric.help,
    codes(metric.labels),
    metric.services.length === Object.keys(services).length ? 'all' : metric.services.join(', '),
  ];
  return page('Metrics', 'what the services register and the recording rules', [
    'Every series carries `job` (`api`, `gateway`, `inbox`) and `instance` (`api-1`, …) besides its own labels. A histogram is read by its `_bucket`, `_sum` and `_count`. `endpoint` is a route pattern, never a path: that keeps the number of series small.',
    '## What the services say of their work',
    table(header, all.filter((metric) => !isRuntime(metric)).map(row)),
    'While the fault `cardinality` is active there is also `client_sessions_total`, a counter with the label `session_id`: the example of a label that no metric should have.',
    '## What they say of their process',
    table(header, all.filter(isRuntime).map(row)),
    '## What the rules record',
    'Prometheus evaluates these itself. Dashboards, alerts and exercises ask for them.',
    table(['Series', 'Rules'], recorded(root)),
  ]);
}
