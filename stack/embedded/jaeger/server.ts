import { listen, type RunningServer } from '../http/listen.ts';
import type { JaegerConfig } from './config/config.ts';
import { createOtlpReceiver } from './otlp/receiver.ts';
import { createPipelines } from './pipeline/pipeline.ts';
import { createQueryServer, createTelemetryServer } from './query/query-server.ts';
import { QueryService } from './query/query-service.ts';
import { TraceStore } from './storage/trace-store.ts';
import { JaegerMetrics } from './telemetry/metrics.ts';

/** Bytes of spans that a storage backend may hold beside its `max_traces`. */
export const defaultMaxBytes = 128 * 1024 * 1024;

export interface RunningJaeger {
  readonly url: string;
  /** Of the receivers, in the order of the configuration. */
  readonly otlpUrls: readonly string[];
  readonly telemetryUrl: string | undefined;
  close(): Promise<void>;
}

/** Starts everything that the configuration names. When one address is taken, what already listens is closed again. */
export async function startJaeger(
  config: JaegerConfig,
  options: { maxBytes?: number } = {},
): Promise<RunningJaeger> {
  const metrics = new JaegerMetrics();
  const stores = new Map(
    [...config.storages].map(([name, { maxTraces }]) => [
      name,
      new TraceStore({ maxTraces, maxBytes: options.maxBytes ?? defaultMaxBytes }),
    ]),
  );
  const queried = stores.get(config.query.storage)!;
  metrics.observeStore(queried);
  const pipelines = createPipelines(config.pipelines, stores, metrics);
  const servers: RunningServer[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()));
    for (const pipeline of pipelines.values()) pipeline.close();
  };
  try {
    const query = await listen(
      createQueryServer({
        basePath: config.query.basePath,
        service: new QueryService(queried, config.query.maxClockSkewAdjustMs),
        metrics,
      }),
      address(config.query.endpoint),
    );
    servers.push(query);
    const otlpUrls: string[] = [];
    for (const [id, receiver] of config.receivers) {
      const app = createOtlpReceiver({
        path: receiver.path,
        maxBodyBytes: receiver.maxRequestBodyBytes,
        consume: (spans) => pipelines.get(id)?.consume(spans),
        metrics,
      });
      const server = await listen(app, address(receiver.endpoint));
      servers.push(server);
      otlpUrls.push(server.url);
    }
    let telemetryUrl: string | undefined;
    if (config.telemetryEndpoint !== undefined) {
      const server = await listen(createTelemetryServer(metrics), address(config.telemetryEndpoint));
      servers.push(server);
      telemetryUrl = server.url;
    }
    return { url: query.url, otlpUrls, telemetryUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** `localhost` means IPv4 here: that is where everything else of the lab looks. */
function address(endpoint: string): string {
  return endpoint.replace(/^localhost:/, '127.0.0.1:');
}
