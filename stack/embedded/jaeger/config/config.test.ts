import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseConfig } from './config.ts';

type Node = Record<string, unknown>;

function valid() {
  return {
    service: {
      extensions: ['jaeger_storage', 'jaeger_query'],
      pipelines: {
        traces: {
          receivers: ['otlp'],
          processors: ['tail_sampling', 'batch'],
          exporters: ['jaeger_storage_exporter'],
        },
      } as Node,
      telemetry: {
        metrics: { readers: [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port: 8888 } } } }] },
      },
    },
    extensions: {
      jaeger_storage: { backends: { main: { memory: { max_traces: 10 } } } },
      jaeger_query: { storage: { traces: 'main' }, http: { endpoint: '127.0.0.1:1' } },
    } as Node,
    receivers: { otlp: { protocols: { http: { endpoint: '127.0.0.1:2' } } } } as Node,
    processors: {
      batch: null,
      tail_sampling: { policies: [{ name: 'all', type: 'always_sample' }] },
    } as Node,
    exporters: { jaeger_storage_exporter: { trace_storage: 'main' } } as Node,
  };
}

test('the shipped configuration is valid once its addresses are filled in', async () => {
  const file = fileURLToPath(new URL('../../../jaeger/jaeger.yaml', import.meta.url));
  const text = (await readFile(file, 'utf8'))
    .replace(/\$\{listen\.jaeger\.metrics\.(host|port)\}/g, (_, part) =>
      part === 'host' ? '127.0.0.1' : '0',
    )
    .replace(/\$\{listen\.jaeger\.\w+\}/g, '127.0.0.1:0');
  const config = parseConfig(text);
  expect(config.pipelines[0]?.tailSampling[0]?.config.policies).toEqual([
    { name: 'keep-everything', type: 'always_sample' },
  ]);
});

test('settings arrive, with the defaults of the real one', () => {
  const config = parseConfig(stringify(valid()));
  expect(config).toMatchObject({
    query: { endpoint: '127.0.0.1:1', basePath: '', storage: 'main', maxClockSkewAdjustMs: 0 },
    telemetryEndpoint: '127.0.0.1:8888',
  });
  expect(config.receivers.get('otlp')).toEqual({
    endpoint: '127.0.0.1:2',
    path: '/v1/traces',
    maxRequestBodyBytes: 20 * 1024 * 1024,
  });
  expect(config.pipelines[0]!.tailSampling[0]!.config).toMatchObject({
    decisionWaitMs: 30_000,
    numTraces: 50_000,
  });
});

test('environment references are expanded, with types and defaults', () => {
  const config = valid();
  config.extensions.jaeger_query = {
    storage: { traces: 'main' },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the collector's notation
    http: { endpoint: '${env:HOST_A}:${env:PORT_A:-7}' },
  };
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the collector's notation
  config.extensions.jaeger_storage = { backends: { main: { memory: { max_traces: '${env:MAX}' } } } };
  const parsed = parseConfig(stringify(config), { HOST_A: 'h', MAX: '33' });
  expect(parsed.query.endpoint).toBe('h:7');
  expect(parsed.storages.get('main')).toEqual({ maxTraces: 33 });
});

describe('refused, with one line that leads to the place', () => {
  const policies =
    (...list: unknown[]) =>
    (config: ReturnType<typeof valid>) => {
      config.processors.tail_sampling = { policies: list };
    };
  test.each<[string, (config: ReturnType<typeof valid>) => void, string]>([
    [
      'an unknown top-level key',
      (c) => Object.assign(c, { recievers: {} }),
      'the configuration: has invalid keys: recievers',
    ],
    [
      'an unknown component type',
      (c) => Object.assign(c.processors, { 'filter/x': {} }),
      `error decoding 'processors': unknown type: "filter" for id: "filter/x" (valid values: [tail_sampling batch memory_limiter])`,
    ],
    [
      'a reference to nothing',
      (c) => {
        c.service.pipelines.traces = {
          receivers: ['otlp'],
          processors: ['batch', 'tail_sampling/b', 'tail_sampling'],
          exporters: ['jaeger_storage_exporter'],
        };
      },
      'service::pipelines::traces: references processor "tail_sampling/b" which is not configured',
    ],
    [
      'a processor that nothing uses',
      (c) => {
        c.service.pipelines.traces = {
          receivers: ['otlp'],
          processors: ['batch'],
          exporters: ['jaeger_storage_exporter'],
        };
      },
      'processors::tail_sampling is configured but nothing uses it; add "tail_sampling" to a pipeline\'s processors, such as service::pipelines::traces::processors or remove it',
    ],
    [
      'a pipeline of metrics',
      (c) => {
        c.service.pipelines.metrics = { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] };
      },
      'service::pipelines::metrics: Jaeger has pipelines of traces only',
    ],
    [
      'a pipeline without receivers',
      (c) => {
        c.service.pipelines.traces = { receivers: [], exporters: ['jaeger_storage_exporter'] };
      },
      'service::pipelines::traces::receivers: must have at least one receiver',
    ],
    [
      'a storage that does not exist',
      (c) => {
        c.exporters.jaeger_storage_exporter = { trace_storage: 'other' };
      },
      'exporters::jaeger_storage_exporter::trace_storage: no backend "other"',
    ],
    [
      'no room for traces',
      (c) => {
        c.extensions.jaeger_storage = { backends: { main: { memory: { max_traces: 0 } } } };
      },
      'extensions::jaeger_storage::backends::main::memory::max_traces: max traces must be greater than zero',
    ],
    [
      'gRPC',
      (c) => {
        c.receivers.otlp = { protocols: { grpc: null } };
      },
      'receivers::otlp::protocols::grpc: the embedded Jaeger takes OTLP over HTTP only',
    ],
    ['no policies', policies(), 'processors::tail_sampling::policies: at least one policy is required'],
    [
      'an unknown policy type',
      policies({ name: 'x', type: 'errors' }),
      'processors::tail_sampling::policies::0::type: unknown sampling policy type "errors"',
    ],
    [
      'a policy without its settings',
      policies({ name: 'x', type: 'latency' }),
      'processors::tail_sampling::policies::0::latency: a latency policy needs its settings under the key "latency"',
    ],
    [
      'settings of another type',
      policies({ name: 'x', type: 'latency', latency: { threshold_ms: 1 }, status_code: {} }),
      'processors::tail_sampling::policies::0::status_code: not a setting of a policy of type "latency"',
    ],
    [
      'a misspelt setting',
      policies({ name: 'x', type: 'latency', latency: { threshold: 1 } }),
      'processors::tail_sampling::policies::0::latency',
    ],
    [
      'two policies of one name',
      policies({ name: 'x', type: 'always_sample' }, { name: 'x', type: 'always_sample' }),
      'processors::tail_sampling::policies::1::name: duplicate policy name "x"',
    ],
    [
      'a broken pattern',
      policies({
        name: 'x',
        type: 'string_attribute',
        string_attribute: { key: 'k', values: ['('], enabled_regex_matching: true },
      }),
      'processors::tail_sampling::policies::0::string_attribute::values',
    ],
    [
      'a bad duration',
      (c) => {
        c.processors.tail_sampling = {
          decision_wait: '10',
          policies: [{ name: 'x', type: 'always_sample' }],
        };
      },
      'processors::tail_sampling::decision_wait: time: missing unit in duration "10"',
    ],
    [
      'OTTL',
      policies({ name: 'x', type: 'ottl_condition', ottl_condition: {} }),
      'ottl_condition is not supported by the embedded Jaeger',
    ],
  ])('%s', (_title, change, message) => {
    const config = valid();
    change(config);
    let problem = '';
    try {
      parseConfig(stringify(config));
    } catch (error) {
      problem = (error as Error).message;
    }
    expect(problem).toContain(message);
    expect(problem).not.toContain('\n');
  });

  test('YAML that is none', () => {
    expect(() => parseConfig('a: [')).toThrow(/^cannot parse YAML: [^\n]*$/);
  });
});
