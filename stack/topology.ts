import { addRealReceivers } from './alertmanager/real-receivers.ts';
import { renderOncall } from './oncall.ts';
import type { Pace } from './pace.ts';

export type PortName = 'http' | 'admin' | 'smtp' | 'otlp' | 'metrics' | 'grpc' | 'postgres';

/** What the lab keeps secret; random per lab. */
export type SecretName =
  | 'token'
  | 'authTokenSecret'
  | 'databasePassword'
  | 'replicationPassword'
  | 'grafanaPassword';

/**
 * How the world looks from inside one component. A runtime supplies it: on the embedded one everything is on 127.0.0.1
 * and files stand in `.lab/<name>/`, in Docker every component has a host name and its files are mounted.
 */
export interface Placement {
  readonly pace: Pace;
  /** `host:port` of a component's port, as this component reaches it. */
  address(component: string, port?: PortName): string;
  /** `host:port` that a component's port binds to. */
  listen(component: string, port?: PortName): string;
  /** The page that a person opens, from the host. */
  url(component: string): string;
  /** A rendered config file; `path` is relative to `stack/`. */
  file(path: string): string;
  /** The folder with one `<Alert>.md` for every alert. */
  runbooks(): string;
  /** The component's own data folder. */
  data(component: string): string;
  secret(name: SecretName): string;
  /** A variable of the person's own environment. */
  environment(name: string): string | undefined;
}

/** What to run. */
export type Program =
  | {
      readonly kind: 'node';
      /** The bundle below `dist/`. */
      readonly bundle: string;
      /** V8's heap limit and the size of its young generation: twelve processes share one laptop. */
      readonly heapMebibytes: number;
      readonly arguments: (at: Placement) => readonly string[];
    }
  | { readonly kind: 'postgres'; readonly role: 'primary' | 'standby' };

export type Readiness =
  | { readonly kind: 'http'; readonly port: PortName; readonly path: string }
  | { readonly kind: 'postgres'; readonly port: PortName };

export interface Component {
  readonly id: string;
  readonly role: 'edge' | 'service' | 'database' | 'on-call' | 'observability';
  /** One line for people. */
  readonly title: string;
  /** The official image, pinned. `LAB_IMAGE_<NAME>` overrides it, see `imageOf`. */
  readonly image: string;
  /** The name in `LAB_IMAGE_<NAME>`: components of one kind share it. */
  readonly imageName: string;
  readonly program: Program;
  /** A binary of the real thing that `--native` looks for on PATH, first match wins, and its arguments. */
  readonly native?: {
    readonly binaries: readonly string[];
    readonly arguments: (at: Placement) => readonly string[];
  };
  /** Folders and files below `stack/` that it reads, rendered. */
  readonly config: readonly string[];
  /** What is done to a rendered file after its placeholders are filled; the path is relative to `stack/`. */
  readonly finish?: Readonly<Record<string, (text: string, at: Placement) => string>>;
  /** Ports on the host at offset 0. */
  readonly ports: Readonly<Partial<Record<PortName, number>>>;
  readonly readiness: Readiness;
  /** Components that must be ready before this one starts. */
  readonly dependsOn: readonly string[];
  /** Components that it starts beside, and that it is not ready without: its time begins when they are there. */
  readonly readyAfter?: readonly string[];
  /** What it should stay below; the limit in Docker. */
  readonly memoryMebibytes: number;
  readonly environment: (at: Placement) => Readonly<Record<string, string>>;
}

const version = '1.0.0';

/** What every service of the system under observation is told. */
function serviceEnvironment(at: Placement, service: string, instance: string): Record<string, string> {
  const [host = '', port = ''] = splitAddress(at.listen(instance, 'http'));
  return {
    SERVICE_NAME: service,
    INSTANCE: instance,
    SERVICE_VERSION: version,
    ENVIRONMENT: 'lab',
    HOST: host,
    PORT: port,
    LAB_TOKEN: at.secret('token'),
    LOG_LEVEL: 'info',
    LOKI_URL: `http://${at.address('loki')}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${at.address('jaeger', 'otlp')}`,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '1',
  };
}

const replicas = ['api-1', 'api-2', 'api-3'] as const;

function api(id: string, index: number): Component {
  return {
    id,
    role: 'service',
    title: `Notes API, replica ${index}`,
    image: 'node:24-alpine',
    imageName: 'NODE',
    program: { kind: 'node', bundle: 'api.cjs', heapMebibytes: 192, arguments: () => [] },
    config: [],
    ports: { http: 8100 + index, admin: 8110 + index },
    readiness: { kind: 'http', port: 'http', path: '/ready' },
    dependsOn: ['postgres-primary'],
    // Above what HighMemoryUsage warns of: the warning has to come before the end.
    memoryMebibytes: 448,
    environment: (at) => ({
      ...serviceEnvironment(at, 'api', id),
      ADMIN_PORT: splitAddress(at.listen(id, 'admin'))[1],
      DATABASE_URL: `postgres://notes:${at.secret('databasePassword')}@${at.address('postgres-primary', 'postgres')}/notes`,
      DATABASE_POOL_MAX: '10',
      AUTH_TOKEN_SECRET: at.secret('authTokenSecret'),
    }),
  };
}

function postgres(id: string, role: 'primary' | 'standby', port: number): Component {
  return {
    id,
    role: 'database',
    title: role === 'primary' ? 'PostgreSQL, primary' : 'PostgreSQL, streaming standby',
    image: 'postgres:18.4',
    imageName: 'POSTGRES',
    program: { kind: 'postgres', role },
    config: ['postgres'],
    ports: { postgres: port },
    readiness: { kind: 'postgres', port: 'postgres' },
    dependsOn: role === 'standby' ? ['postgres-primary'] : [],
    memoryMebibytes: 192,
    environment: () => ({}),
  };
}

const prometheusArguments = (at: Placement): string[] => [
  `--config.file=${at.file('prometheus/prometheus.yml')}`,
  `--web.listen-address=${at.listen('prometheus')}`,
  `--web.external-url=${at.url('prometheus')}`,
  '--web.enable-lifecycle',
  `--storage.tsdb.path=${at.data('prometheus')}`,
  '--storage.tsdb.retention.time=6h',
  '--storage.tsdb.retention.size=512MB',
  '--enable-feature=exemplar-storage',
  // An alert that Alertmanager missed (it was starting, or down) is sent again after this, a minute by default.
  `--rules.alert.resend-delay=${Math.min(60, at.pace.groupIntervalSeconds)}s`,
];

const alertmanagerArguments = (at: Placement): string[] => [
  `--config.file=${at.file('alertmanager/alertmanager.yml')}`,
  `--web.listen-address=${at.listen('alertmanager')}`,
  `--web.external-url=${at.url('alertmanager')}`,
  `--storage.path=${at.data('alertmanager')}`,
  '--cluster.listen-address=',
];

/** Every component of the lab, in the order that people read them. Both runtimes derive from it. */
export const topology: readonly Component[] = [
  {
    id: 'gateway',
    role: 'edge',
    title: 'Gateway: load balancer and circuit breakers',
    image: 'node:24-alpine',
    imageName: 'NODE',
    program: { kind: 'node', bundle: 'gateway.cjs', heapMebibytes: 192, arguments: () => [] },
    config: [],
    ports: { http: 8080, admin: 8180 },
    readiness: { kind: 'http', port: 'http', path: '/ready' },
    dependsOn: [],
    readyAfter: replicas,
    memoryMebibytes: 256,
    environment: (at) => ({
      ...serviceEnvironment(at, 'gateway', 'gateway'),
      ADMIN_PORT: splitAddress(at.listen('gateway', 'admin'))[1],
      UPSTREAMS: replicas.map((id) => `${id}=http://${at.address(id)}`).join(','),
    }),
  },
  ...replicas.map((id, index) => api(id, index + 1)),
  postgres('postgres-primary', 'primary', 5441),
  postgres('postgres-replica', 'standby', 5442),
  {
    id: 'inbox',
    role: 'on-call',
    title: 'On-call inbox: Slack, PagerDuty, e-mail, webhooks',
    image: 'node:24-alpine',
    imageName: 'NODE',
    program: { kind: 'node', bundle: 'inbox.cjs', heapMebibytes: 96, arguments: () => [] },
    config: ['oncall.yml'],
    finish: { 'oncall.yml': (text, at) => renderOncall(text, at.pace) },
    ports: { http: 8085, smtp: 8025 },
    readiness: { kind: 'http', port: 'http', path: '/ready' },
    dependsOn: [],
    memoryMebibytes: 128,
    environment: (at) => ({
      ...serviceEnvironment(at, 'inbox', 'inbox'),
      SMTP_PORT: splitAddress(at.listen('inbox', 'smtp'))[1],
      // The dead man's switch is sent every group_interval; two may be late.
      WATCHDOG_TIMEOUT_MS: String(at.pace.groupIntervalSeconds * 3000),
      RUNBOOKS_DIRECTORY: at.runbooks(),
      ONCALL_FILE: at.file('oncall.yml'),
    }),
  },
  {
    id: 'prometheus',
    role: 'observability',
    title: 'Prometheus: metrics, rules, alerts',
    image: 'prom/prometheus:v3.14.0',
    imageName: 'PROMETHEUS',
    program: { kind: 'node', bundle: 'prometheus.cjs', heapMebibytes: 384, arguments: prometheusArguments },
    native: { binaries: ['prometheus'], arguments: prometheusArguments },
    config: ['prometheus'],
    ports: { http: 9090 },
    readiness: { kind: 'http', port: 'http', path: '/-/ready' },
    // What it scrapes: a target that is still starting would be down, and would page somebody.
    dependsOn: ['gateway', 'inbox'],
    memoryMebibytes: 512,
    environment: () => ({}),
  },
  {
    id: 'alertmanager',
    role: 'observability',
    title: 'Alertmanager: routes, grouping, silences',
    image: 'prom/alertmanager:v0.33.1',
    imageName: 'ALERTMANAGER',
    program: {
      kind: 'node',
      bundle: 'alertmanager.cjs',
      heapMebibytes: 128,
      arguments: alertmanagerArguments,
    },
    native: { binaries: ['alertmanager', 'prometheus-alertmanager'], arguments: alertmanagerArguments },
    config: ['alertmanager'],
    finish: {
      'alertmanager/alertmanager.yml': (text, at) => addRealReceivers(text, (name) => at.environment(name)),
    },
    ports: { http: 9093 },
    readiness: { kind: 'http', port: 'http', path: '/-/ready' },
    dependsOn: [],
    memoryMebibytes: 128,
    environment: () => ({}),
  },
  {
    id: 'loki',
    role: 'observability',
    title: 'Loki: logs',
    image: 'grafana/loki:3.7.7',
    imageName: 'LOKI',
    program: {
      kind: 'node',
      bundle: 'loki.cjs',
      heapMebibytes: 384,
      arguments: (at) => [`-config.file=${at.file('loki/loki.yaml')}`],
    },
    native: { binaries: ['loki'], arguments: (at) => [`-config.file=${at.file('loki/loki.yaml')}`] },
    config: ['loki'],
    // gRPC is what the real Loki talks to itself by; the embedded one leaves it unused.
    ports: { http: 3100, grpc: 9096 },
    readiness: { kind: 'http', port: 'http', path: '/ready' },
    dependsOn: [],
    memoryMebibytes: 512,
    environment: () => ({}),
  },
  {
    id: 'jaeger',
    role: 'observability',
    title: 'Jaeger: traces',
    image: 'jaegertracing/jaeger:2.20.0',
    imageName: 'JAEGER',
    program: {
      kind: 'node',
      bundle: 'jaeger.cjs',
      heapMebibytes: 384,
      arguments: (at) => ['--config', at.file('jaeger/jaeger.yaml')],
    },
    native: { binaries: ['jaeger'], arguments: (at) => ['--config', at.file('jaeger/jaeger.yaml')] },
    config: ['jaeger'],
    ports: { http: 16686, otlp: 4318, metrics: 8888 },
    readiness: { kind: 'http', port: 'http', path: '/' },
    dependsOn: [],
    // 30,000 traces of the lab are about 390 MB of spans; Go collects before the limit is reached.
    memoryMebibytes: 768,
    environment: () => ({ GOMEMLIMIT: '650MiB' }),
  },
  {
    id: 'grafana',
    role: 'observability',
    title: 'Grafana: dashboards and exploration',
    image: 'grafana/grafana:13.2.1',
    imageName: 'GRAFANA',
    program: { kind: 'node', bundle: 'grafana.cjs', heapMebibytes: 128, arguments: () => [] },
    config: ['grafana'],
    ports: { http: 3001 },
    readiness: { kind: 'http', port: 'http', path: '/api/health' },
    dependsOn: [],
    // Since 13 each data source is a process of its own.
    memoryMebibytes: 1024,
    environment: (at) => {
      const [host, port] = splitAddress(at.listen('grafana'));
      return {
        GF_SERVER_HTTP_ADDR: host,
        GF_SERVER_HTTP_PORT: port,
        GF_SERVER_ROOT_URL: at.url('grafana'),
        GF_PATHS_PROVISIONING: at.file('grafana/provisioning'),
        GF_PATHS_DATA: at.data('grafana'),
        GF_SECURITY_ADMIN_PASSWORD: at.secret('grafanaPassword'),
        // Loopback only, so a person looks without logging in; what changes something wants the password.
        GF_AUTH_ANONYMOUS_ENABLED: 'true',
        GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
        GF_ANALYTICS_REPORTING_ENABLED: 'false',
        GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
        GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
        GF_ANALYTICS_FEEDBACK_LINKS_ENABLED: 'false',
        GF_NEWS_NEWS_FEED_ENABLED: 'false',
        // What the image brings is enough; without this Grafana fetches newer plugins at every start.
        GF_PLUGINS_PREINSTALL_DISABLED: 'true',
        GF_PLUGINS_PREINSTALL_AUTO_UPDATE: 'false',
      };
    },
  },
];

/** The component of that id, or undefined. */
export function findComponent(id: string): Component | undefined {
  return topology.find((component) => component.id === id);
}

/** The image to run: `LAB_IMAGE_PROMETHEUS`, `LAB_IMAGE_NODE` and so on win over the pinned one. */
export function imageOf(
  component: Component,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  return environment[`LAB_IMAGE_${component.imageName}`] || component.image;
}

/** `host:port` in its two parts. */
export function splitAddress(address: string): [host: string, port: string] {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon), address.slice(colon + 1)];
}
