import type { Counter } from 'prom-client';
import type { Environment } from './environment.ts';
import { type ListeningServer, listen } from './listen.ts';
import type { Logger } from './logger.ts';
import type { Tracing } from './tracing.ts';

type Listener = Parameters<typeof listen>[0];

export interface ServiceOptions {
  environment: Environment;
  logger: Logger;
  tracing: Tracing;
  processCrashes: Counter;
  /** The public port first, then the admin port, if any. */
  servers: readonly { name: string; listener: Listener; port: number }[];
  /** How long the service says "not ready" before it takes no more requests, so that a balancer can turn away. */
  drainMs: () => number;
  onDrain?: () => void;
  /** Frees what the service holds, after its last request. */
  onStop: () => Promise<void>;
}

const stopDeadlineMs = 5_000;
const requestsDeadlineMs = 3_000;
/** Long enough for one more scrape to see the crash counted (the lab scrapes each second). */
const crashLingerMs = 1_200;

/** Listens, and ends in order: on SIGTERM or SIGINT with exit code 0, on an error nobody caught with 1. */
export async function runService(options: ServiceOptions): Promise<void> {
  const { environment, logger } = options;
  const listening: ListeningServer[] = [];
  let stopping = false;

  const stop = async (exitCode: number) => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(exitCode), stopDeadlineMs).unref();
    options.onDrain?.();
    await delay(options.drainMs());
    await Promise.allSettled(listening.map((server) => server.close(requestsDeadlineMs)));
    await Promise.allSettled([options.onStop()]);
    logger.info('service stopped');
    await Promise.allSettled([logger.close(), options.tracing.shutdown()]);
    process.exit(exitCode);
  };
  process.once('SIGTERM', () => void stop(0));
  process.once('SIGINT', () => void stop(0));
  const crash = (error: unknown) => {
    options.processCrashes.inc();
    logger.fatal('process crashed', { error });
    if (stopping) return;
    setTimeout(() => void stop(1), crashLingerMs);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);

  try {
    for (const { listener, port } of options.servers) {
      listening.push(await listen(listener, environment.HOST, port));
    }
  } catch (error) {
    process.stderr.write(`${environment.INSTANCE}: ${(error as Error).message}\n`);
    process.exit(1);
  }
  const addresses = options.servers.map(
    ({ name }, index) => `${name} http://${environment.HOST}:${listening[index]?.port}`,
  );
  process.stderr.write(`${environment.INSTANCE} listens: ${addresses.join(', ')}\n`);
  logger.info('service started', { addresses, startup_ms: Math.round(process.uptime() * 1_000) });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
