import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Logger } from './logger.ts';

/** The buckets of every latency histogram, in seconds: each threshold that a rule asks for is a boundary. */
export const latencyBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2.5, 5, 10,
];

/**
 * prom-client's registry, rendered in the format that the scraper asks for. Exemplars exist in OpenMetrics only.
 * prom-client keeps the format on the registry and, when it renders OpenMetrics, strips `_total` from its
 * counters for good; renderings therefore run one after the other and put the names back.
 */
export class MetricsRegistry extends Registry {
  #queue: Promise<unknown> = Promise.resolve();

  constructor() {
    super();
    // Metrics with exemplars are only taken by a registry of this type.
    this.#use(Registry.OPENMETRICS_CONTENT_TYPE);
  }

  /** The metrics in the format that the Accept header prefers: OpenMetrics, or Prometheus's text format. */
  render(accept: string | undefined): Promise<{ contentType: string; body: string }> {
    const contentType = prefersOpenMetrics(accept)
      ? Registry.OPENMETRICS_CONTENT_TYPE
      : Registry.PROMETHEUS_CONTENT_TYPE;
    const rendering = this.#queue.then(async () => {
      const names = this.getMetricsAsArray().map((metric) => [metric, metric.name] as const);
      this.#use(contentType);
      try {
        return { contentType, body: await this.metrics() };
      } finally {
        this.#use(Registry.OPENMETRICS_CONTENT_TYPE);
        for (const [metric, name] of names) metric.name = name;
      }
    });
    this.#queue = rendering.catch(() => undefined);
    return rendering;
  }

  #use(contentType: string): void {
    // The class's type names one format, though it takes both.
    this.setContentType(contentType as typeof Registry.PROMETHEUS_CONTENT_TYPE);
  }
}

/** Whether an Accept header puts OpenMetrics before plain text, by its q values. */
function prefersOpenMetrics(accept: string | undefined): boolean {
  const quality = (type: string) =>
    Math.max(
      0,
      ...(accept ?? '')
        .split(',')
        .map((range) => range.trim().toLowerCase())
        .filter((range) => range.split(';', 1)[0]?.trim() === type)
        .map((range) => Number(/;\s*q=([\d.]+)/.exec(range)?.[1] ?? 1)),
    );
  const openMetrics = quality('application/openmetrics-text');
  return openMetrics > 0 && openMetrics >= quality('text/plain');
}

/** What a logger has written and given up, as counters. */
export function countLines(registry: Registry, logger: Pick<Logger, 'written' | 'loki'>): void {
  const registers = [registry];
  new Counter({
    name: 'log_lines_total',
    help: 'Log lines written, by level.',
    labelNames: ['level'],
    registers,
    collect() {
      this.reset();
      for (const [level, count] of Object.entries(logger.written)) this.inc({ level }, count);
    },
  });
  for (const [name, help, count] of [
    ['log_lines_sent_total', 'Log lines that Loki took.', () => logger.loki.sent],
    [
      'log_lines_retried_total',
      'Log lines sent to Loki once more after a failure.',
      () => logger.loki.retried,
    ],
    [
      'log_lines_dropped_total',
      'Log lines that Loki was not given because too many waited, or that it refused.',
      () => logger.loki.dropped,
    ],
  ] as const) {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(count());
      },
    });
  }
}

/** A registry with prom-client's process and Node.js metrics, the build's version and the crash counter. */
export function createRegistry(version: string): { registry: MetricsRegistry; processCrashes: Counter } {
  const registry = new MetricsRegistry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'build_info',
    help: 'The version that runs; always 1.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version }, 1);
  const processCrashes = new Counter({
    name: 'process_crashes_total',
    help: 'Errors that nobody caught; the process ends after each.',
    registers: [registry],
  });
  return { registry, processCrashes };
}
