import type { RequestListener } from 'node:http';
import { Writable } from 'node:stream';
import { type ListeningServer, listen } from './listen.ts';
import { createLogger, type Logger } from './logger.ts';
import { createRegistry, type MetricsRegistry } from './metrics-registry.ts';
import { SwitchableSampler } from './sampling.ts';

export interface TestTelemetry {
  logger: Logger;
  registry: MetricsRegistry;
  sampler: SwitchableSampler;
  /** Every line written so far, parsed. */
  lines(): Record<string, unknown>[];
}

/** A service's real telemetry, with the log kept in memory. */
export function createTestTelemetry(level: 'debug' | 'info' = 'info'): TestTelemetry {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const logger = createLogger(
    {
      SERVICE_NAME: 'test',
      INSTANCE: 'test-1',
      ENVIRONMENT: 'test',
      SERVICE_VERSION: '1.2.3',
      LOG_LEVEL: level,
      LOKI_URL: undefined,
    },
    { stream },
  );
  return {
    logger,
    registry: createRegistry('1.2.3').registry,
    sampler: new SwitchableSampler('parentbased_always_on', 1),
    lines: () =>
      written
        .join('')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly server: ListeningServer;
}

/** Serves on a free port of the loopback interface until it is disposed of. */
export async function serve(listener: RequestListener): Promise<TestServer> {
  const server = await listen(listener, '127.0.0.1', 0);
  return {
    server,
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.close(0),
  };
}

/** Waits until the condition holds; the test's own time limit ends what never comes true. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** The value of one sample in the text format, by its name and labels as written. */
export async function sampleOf(registry: MetricsRegistry, series: string): Promise<number | undefined> {
  const { body } = await registry.render('text/plain');
  const line = body.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}
