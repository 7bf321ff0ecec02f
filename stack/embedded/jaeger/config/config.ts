import { parseDocument } from 'yaml';
import { z } from 'zod';
import { parseTailSamplingConfig, type TailSamplingConfig } from '../sampling/tail-sampling-config.ts';
import { durationMs } from './duration-schema.ts';
import { expandEnvironment } from './environment.ts';
import { ConfigProblem } from './problem.ts';

export interface PipelineConfig {
  readonly name: string;
  /** Receiver IDs. */
  readonly receivers: readonly string[];
  /** In order; `batch` and `memory_limiter` are accepted and do nothing here, so they are not listed. */
  readonly tailSampling: readonly { readonly id: string; readonly config: TailSamplingConfig }[];
  readonly exporters: readonly { readonly id: string; readonly storage: string }[];
}

export interface OtlpReceiverConfig {
  readonly endpoint: string;
  readonly path: string;
  readonly maxRequestBodyBytes: number;
}

export interface JaegerConfig {
  readonly query: {
    readonly endpoint: string;
    readonly basePath: string;
    readonly storage: string;
    readonly maxClockSkewAdjustMs: number;
  };
  /** `memory` backends by name. */
  readonly storages: ReadonlyMap<string, { readonly maxTraces: number }>;
  readonly receivers: ReadonlyMap<string, OtlpReceiverConfig>;
  readonly pipelines: readonly PipelineConfig[];
  /** Where the collector's own metrics are served, or undefined when the file names no pull reader. */
  readonly telemetryEndpoint: string | undefined;
}

type Section = Record<string, unknown>;

const section = z.record(z.string(), z.unknown()).nullable().default({});

const topLevel = z.strictObject({
  service: z.strictObject({
    extensions: z.array(z.string()).default([]),
    pipelines: z.record(
      z.string(),
      z.strictObject({
        receivers: z.array(z.string()).min(1, 'must have at least one receiver'),
        processors: z.array(z.string()).default([]),
        exporters: z.array(z.string()).min(1, 'must have at least one exporter'),
      }),
    ),
    telemetry: z
      .strictObject({
        resource: z.unknown().optional(),
        logs: z.unknown().optional(),
        traces: z.unknown().optional(),
        metrics: z
          .strictObject({
            level: z.enum(['none', 'basic', 'normal', 'detailed']).optional(),
            address: z.string().optional(),
            readers: z
              .array(
                z.strictObject({
                  pull: z.strictObject({
                    exporter: z.strictObject({
                      prometheus: z.looseObject({
                        host: z.string().default('localhost'),
                        port: z.int().min(0).max(65_535),
                      }),
                    }),
                  }),
                }),
              )
              .default([]),
          })
          .optional(),
      })
      .optional(),
  }),
  extensions: section,
  receivers: section,
  processors: section,
  exporters: section,
});

const httpServer = {
  endpoint: z.string(),
  cors: z.unknown().optional(),
  include_metadata: z.boolean().optional(),
};

const schemas = {
  jaeger_query: z.strictObject({
    storage: z.strictObject({
      traces: z.string(),
      traces_archive: z.string().optional(),
      metrics: z.string().optional(),
    }),
    base_path: z.string().default(''),
    max_clock_skew_adjust: durationMs.default(0),
    max_trace_size: z.unknown().optional(),
    ui: z.unknown().optional(),
    enable_tracing: z.boolean().optional(),
    http: z.strictObject(httpServer).default({ endpoint: 'localhost:16686' }),
    grpc: z.unknown().optional(),
  }),
  jaeger_storage: z.strictObject({
    backends: z.record(
      z.string(),
      z.strictObject({
        memory: z.strictObject({ max_traces: z.int().min(1, 'max traces must be greater than zero') }),
      }),
    ),
    metric_backends: z.record(z.string(), z.unknown()).optional(),
  }),
  otlp: z.strictObject({
    protocols: z.strictObject({
      http: z
        .strictObject({
          ...httpServer,
          endpoint: z.string().default('localhost:4318'),
          traces_url_path: z.string().startsWith('/').default('/v1/traces'),
          metrics_url_path: z.string().optional(),
          logs_url_path: z.string().optional(),
          max_request_body_size: z
            .int()
            .min(1)
            .default(20 * 1024 * 1024),
          compression_algorithms: z.array(z.string()).optional(),
        })
        .nullable(),
    }),
  }),
  jaeger_storage_exporter: z.strictObject({ trace_storage: z.string(), queue: z.unknown().optional() }),
};

/**
 * Reads the collector-style YAML of Jaeger v2. What this server does not know is refused, never ignored; so is a
 * component that is configured and used by nothing, because a sampling policy that never runs looks like one that
 * keeps everything.
 *
 * @throws ConfigProblem with one line
 */
export function parseConfig(text: string, environment: NodeJS.ProcessEnv = process.env): JaegerConfig {
  // Generators write several documents into one file: Go reads the first.
  const document = parseDocument(text, { logLevel: 'silent' });
  const syntaxError = document.errors[0];
  if (syntaxError !== undefined)
    throw new ConfigProblem(`cannot parse YAML: ${oneLine(syntaxError.message)}`);
  const root = check([], () => topLevel.parse(expandEnvironment(document.toJS() ?? {}, environment)));

  const extensions = components('extensions', root.extensions, [
    'jaeger_query',
    'jaeger_storage',
    'healthcheckv2',
    'health_check',
    'pprof',
    'zpages',
  ]);
  const receivers = components('receivers', root.receivers, ['otlp']);
  const processors = components('processors', root.processors, ['tail_sampling', 'batch', 'memory_limiter']);
  const exporters = components('exporters', root.exporters, ['jaeger_storage_exporter']);

  const used = new Set<string>();
  const take = (kind: string, among: Section, id: string, by: string): unknown => {
    if (!Object.hasOwn(among, id)) {
      throw new ConfigProblem(
        `${by}: references ${kind.slice(0, -1)} "${id}" which is not configured; define ${kind}::${id} or remove the reference`,
      );
    }
    used.add(`${kind}::${id}`);
    return among[id];
  };

  for (const id of root.service.extensions) take('extensions', extensions, id, 'service::extensions');
  const storages = readStorages(extensions, used);
  const query = readQuery(extensions, used, storages);

  const pipelines = Object.entries(root.service.pipelines).map(([name, pipeline]): PipelineConfig => {
    const by = `service::pipelines::${name}`;
    if (typeOf(name) !== 'traces')
      throw new ConfigProblem(`${by}: Jaeger has pipelines of traces only; rename it to "traces"`);
    for (const id of pipeline.receivers) take('receivers', receivers, id, by);
    const tailSampling = pipeline.processors.flatMap((id) => {
      const raw = take('processors', processors, id, by);
      if (typeOf(id) !== 'tail_sampling') return [];
      return [{ id, config: check(['processors', id], () => parseTailSamplingConfig(raw)) }];
    });
    const targets = pipeline.exporters.map((id) => {
      const raw = take('exporters', exporters, id, by);
      const { trace_storage: storage } = check(['exporters', id], () =>
        schemas.jaeger_storage_exporter.parse(raw),
      );
      if (!storages.has(storage)) {
        throw new ConfigProblem(
          `exporters::${id}::trace_storage: no backend "${storage}" in extensions::jaeger_storage::backends`,
        );
      }
      return { id, storage };
    });
    return { name, receivers: pipeline.receivers, tailSampling, exporters: targets };
  });
  if (pipelines.length === 0) throw new ConfigProblem('service::pipelines: must have at least one pipeline');

  for (const [kind, among] of Object.entries({ extensions, receivers, processors, exporters })) {
    for (const id of Object.keys(among)) {
      if (used.has(`${kind}::${id}`)) continue;
      const where =
        kind === 'extensions'
          ? 'service::extensions'
          : `a pipeline's ${kind}, such as service::pipelines::${pipelines[0]!.name}::${kind}`;
      throw new ConfigProblem(
        `${kind}::${id} is configured but nothing uses it; add "${id}" to ${where} or remove it`,
      );
    }
  }

  return {
    query,
    storages,
    receivers: new Map(Object.entries(receivers).map(([id, raw]) => [id, readReceiver(id, raw)])),
    pipelines,
    telemetryEndpoint: telemetryEndpoint(root.service.telemetry?.metrics),
  };
}

function readStorages(extensions: Section, used: Set<string>): Map<string, { maxTraces: number }> {
  if (!used.has('extensions::jaeger_storage')) {
    throw new ConfigProblem(
      'service::extensions: jaeger_storage is required; define extensions::jaeger_storage and list it',
    );
  }
  const parsed = check(['extensions', 'jaeger_storage'], () =>
    schemas.jaeger_storage.parse(extensions.jaeger_storage),
  );
  return new Map(
    Object.entries(parsed.backends).map(([name, backend]) => [
      name,
      { maxTraces: backend.memory.max_traces },
    ]),
  );
}

function readQuery(
  extensions: Section,
  used: Set<string>,
  storages: JaegerConfig['storages'],
): JaegerConfig['query'] {
  if (!used.has('extensions::jaeger_query')) {
    throw new ConfigProblem(
      'service::extensions: jaeger_query is required; define extensions::jaeger_query and list it',
    );
  }
  const parsed = check(['extensions', 'jaeger_query'], () =>
    schemas.jaeger_query.parse(extensions.jaeger_query),
  );
  if (!storages.has(parsed.storage.traces)) {
    throw new ConfigProblem(
      `extensions::jaeger_query::storage::traces: cannot find trace storage "${parsed.storage.traces}" in extensions::jaeger_storage::backends`,
    );
  }
  return {
    endpoint: parsed.http.endpoint,
    basePath: parsed.base_path === '/' ? '' : parsed.base_path.replace(/\/$/, ''),
    storage: parsed.storage.traces,
    maxClockSkewAdjustMs: parsed.max_clock_skew_adjust,
  };
}

function readReceiver(id: string, raw: unknown): OtlpReceiverConfig {
  const grpc = (raw as { protocols?: { grpc?: unknown } } | null)?.protocols;
  if (grpc !== undefined && grpc !== null && Object.hasOwn(grpc, 'grpc')) {
    throw new ConfigProblem(
      `receivers::${id}::protocols::grpc: the embedded Jaeger takes OTLP over HTTP only; remove grpc, or run the docker runtime`,
    );
  }
  const { http } = check(['receivers', id], () => schemas.otlp.parse(raw)).protocols;
  return {
    endpoint: http?.endpoint ?? 'localhost:4318',
    path: http?.traces_url_path ?? '/v1/traces',
    maxRequestBodyBytes: http?.max_request_body_size ?? 20 * 1024 * 1024,
  };
}

function telemetryEndpoint(
  metrics:
    | {
        level?: string | undefined;
        address?: string | undefined;
        readers: { pull: { exporter: { prometheus: { host: string; port: number } } } }[];
      }
    | undefined,
): string | undefined {
  if (metrics === undefined || metrics.level === 'none') return undefined;
  const reader = metrics.readers[0]?.pull.exporter.prometheus;
  return reader === undefined ? metrics.address : `${reader.host}:${reader.port}`;
}

/** The components of a section whose types this server has. IDs are `type` or `type/name`. */
function components(kind: string, raw: Section | null, valid: readonly string[]): Section {
  const present = raw ?? {};
  for (const id of Object.keys(present)) {
    if (!valid.includes(typeOf(id))) {
      throw new ConfigProblem(
        `error decoding '${kind}': unknown type: "${typeOf(id)}" for id: "${id}" (valid values: [${valid.join(' ')}])`,
      );
    }
  }
  return present;
}

function typeOf(id: string): string {
  return id.split('/', 1)[0] ?? id;
}

function check<T>(at: readonly string[], parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const issue = error.issues[0]!;
    const path = [...at, ...issue.path.map(String)].join('::');
    throw new ConfigProblem(`${path === '' ? 'the configuration' : path}: ${oneLine(describe(issue))}`);
  }
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `has invalid keys: ${issue.keys.join(', ')}`;
  return issue.message;
}

function oneLine(text: string): string {
  return text.replace(/\s*\n[\s\S]*$/, '').trim();
}
