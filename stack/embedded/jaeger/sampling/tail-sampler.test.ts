import { describe, expect, test } from 'vitest';
import { type SpanSketch, spansOf } from '../testing.ts';
import { createPolicy } from './create-policy.ts';
import { decide } from './decide.ts';
import { type SamplerEvents, TailSampler } from './tail-sampler.ts';
import { parseTailSamplingConfig } from './tail-sampling-config.ts';
import { traceIdHash } from './trace-id-hash.ts';

function sampler(config: object) {
  const out: string[] = [];
  const counts = { newTrace: 0, tooEarly: 0, late: 0, early: 0 };
  const events: SamplerEvents = {
    newTrace: () => {
      counts.newTrace += 1;
    },
    policyDecision: () => {},
    decision: () => {},
    droppedTooEarly: (traces) => {
      counts.tooEarly += traces;
    },
    lateSpan: () => {
      counts.late += 1;
    },
    earlyRelease: () => {
      counts.early += 1;
    },
  };
  const errors = { name: 'errors', type: 'status_code', status_code: { status_codes: ['ERROR'] } };
  const tail = new TailSampler(
    parseTailSamplingConfig({ decision_wait: '1s', policies: [errors], ...config }),
    (spans) => out.push(...spans.map((span) => span.spanId.replace(/^0+/, ''))),
    events,
  );
  const send = (nowMs: number, ...sketches: SpanSketch[]) => tail.consume(spansOf(sketches), nowMs);
  return { tail, out, counts, send };
}

const error = { status: { code: 2 } };

test('a trace waits for decision_wait from its first span, then goes on whole or not at all', () => {
  const { tail, out, send } = sampler({});
  send(0, { traceId: 'a', spanId: '1' }, { traceId: 'b', spanId: '2' });
  send(900, { traceId: 'a', spanId: '3', ...error });
  tail.tick(999);
  expect(out).toEqual([]);
  tail.tick(1000);
  expect(out).toEqual(['1', '3']);
  expect(tail.pendingBytes).toBe(0);
});

test('late spans follow the decision', () => {
  const { tail, out, counts, send } = sampler({});
  send(0, { traceId: 'a', spanId: '1', ...error }, { traceId: 'b', spanId: '2' });
  tail.tick(1000);
  send(5000, { traceId: 'a', spanId: '3' }, { traceId: 'b', spanId: '4', ...error });
  tail.tick(9000);
  expect(out).toEqual(['1', '3']);
  expect(counts).toMatchObject({ newTrace: 2, late: 2 });
});

test('beyond num_traces the oldest go, undecided ones count as dropped too early', () => {
  const { tail, out, counts, send } = sampler({ num_traces: 2 });
  send(0, { traceId: 'a', spanId: '1', ...error });
  send(0, { traceId: 'b', spanId: '2', ...error });
  send(0, { traceId: 'c', spanId: '3', ...error });
  tail.tick(1000);
  expect(out).toEqual(['2', '3']);
  expect(counts.tooEarly).toBe(1);
  expect(tail.tracesOnMemory).toBe(2);
});

test('the decision caches remember what num_traces forgot', () => {
  const cached = sampler({
    num_traces: 1,
    decision_cache: { sampled_cache_size: 10, non_sampled_cache_size: 10 },
  });
  const plain = sampler({ num_traces: 1 });
  for (const { tail, send } of [cached, plain]) {
    send(0, { traceId: 'a', spanId: '1', ...error });
    tail.tick(1000);
    send(1000, { traceId: 'b', spanId: '2' });
    tail.tick(2000);
    send(2000, { traceId: 'c', spanId: '3' });
    send(2000, { traceId: 'a', spanId: '4' }, { traceId: 'b', spanId: '5', ...error });
    tail.tick(3000);
  }
  expect(cached.out).toEqual(['1', '4']);
  expect(cached.counts.early).toBe(2);
  // Without a cache a forgotten trace is a new one, and is decided by its late spans alone.
  expect(plain.out).toEqual(['1', '5']);
});

test('at the end of the process what waits is decided with what is there', () => {
  const { tail, out, send } = sampler({});
  send(0, { traceId: 'a', spanId: '1', ...error }, { traceId: 'b', spanId: '2' });
  tail.flush(10);
  expect(out).toEqual(['1']);
});

describe('policies', () => {
  const attributes = (value: object) => ({ attributes: [{ key: 'k', value }] });
  const spans = (...sketches: Partial<SpanSketch>[]) =>
    sketches.map((sketch, index) => ({ spanId: String(index + 1), ...sketch }));
  const policy = (type: string, settings: object) => ({ name: 'p', type, [type]: settings });
  const leaf = (type: string, settings: object, name = type) => ({ name, type, [type]: settings });
  const isGet = leaf('string_attribute', { key: 'k', values: ['GET'] });
  const isSlow = leaf('latency', { threshold_ms: 100 });

  test.each([
    ['always_sample', { name: 'p', type: 'always_sample' }, spans({}), true],
    [
      'latency at the threshold',
      policy('latency', { threshold_ms: 10 }),
      spans({ startMs: 0, endMs: 10 }),
      true,
    ],
    ['latency below', policy('latency', { threshold_ms: 10 }), spans({ startMs: 0, endMs: 9.9 }), false],
    [
      'latency across spans',
      policy('latency', { threshold_ms: 50 }),
      spans({ startMs: 0, endMs: 5 }, { startMs: 60, endMs: 61 }),
      true,
    ],
    [
      'latency above the upper bound',
      policy('latency', { threshold_ms: 10, upper_threshold_ms: 20 }),
      spans({ startMs: 0, endMs: 21 }),
      false,
    ],
    [
      'latency within both bounds',
      policy('latency', { threshold_ms: 10, upper_threshold_ms: 20 }),
      spans({ startMs: 0, endMs: 20 }),
      true,
    ],
    ['status_code of any span', policy('status_code', { status_codes: ['ERROR'] }), spans({}, error), true],
    ['status_code of none', policy('status_code', { status_codes: ['ERROR', 'OK'] }), spans({}), false],
    [
      'string_attribute exact',
      policy('string_attribute', { key: 'k', values: ['v1', 'v2'] }),
      spans(attributes({ stringValue: 'v2' })),
      true,
    ],
    [
      'string_attribute other',
      policy('string_attribute', { key: 'k', values: ['v1'] }),
      spans(attributes({ stringValue: 'v11' })),
      false,
    ],
    [
      'string_attribute regex',
      policy('string_attribute', { key: 'k', values: ['^/health'], enabled_regex_matching: true }),
      spans(attributes({ stringValue: '/healthz' })),
      true,
    ],
    [
      'string_attribute of the resource',
      policy('string_attribute', { key: 'service.name', values: ['api'] }),
      spans({}),
      true,
    ],
    [
      'string_attribute inverted, matching',
      policy('string_attribute', { key: 'k', values: ['v'], invert_match: true }),
      spans(attributes({ stringValue: 'v' })),
      false,
    ],
    [
      'string_attribute inverted, absent',
      policy('string_attribute', { key: 'k', values: ['v'], invert_match: true }),
      spans({}),
      true,
    ],
    [
      'numeric_attribute in range',
      policy('numeric_attribute', { key: 'k', min_value: 500, max_value: 599 }),
      spans(attributes({ intValue: 599 })),
      true,
    ],
    [
      'numeric_attribute out of range',
      policy('numeric_attribute', { key: 'k', min_value: 500 }),
      spans(attributes({ intValue: 499 })),
      false,
    ],
    [
      'numeric_attribute of a double',
      policy('numeric_attribute', { key: 'k', min_value: 1 }),
      spans(attributes({ doubleValue: 5 })),
      false,
    ],
    [
      'boolean_attribute',
      policy('boolean_attribute', { key: 'k', value: true }),
      spans(attributes({ boolValue: true })),
      true,
    ],
    [
      'boolean_attribute of the other value',
      policy('boolean_attribute', { key: 'k', value: true }),
      spans(attributes({ boolValue: false })),
      false,
    ],
    ['span_count', policy('span_count', { min_spans: 2, max_spans: 3 }), spans({}, {}), true],
    ['span_count above', policy('span_count', { min_spans: 1, max_spans: 1 }), spans({}, {}), false],
    [
      'trace_state',
      policy('trace_state', { key: 'a', values: ['b'] }),
      spans({ traceState: 'x=y, a=b' }),
      true,
    ],
    ['trace_flags', { name: 'p', type: 'trace_flags' }, spans({ flags: 1 }), true],
    ['probabilistic 100', policy('probabilistic', { sampling_percentage: 100 }), spans({}), true],
    ['probabilistic 0', policy('probabilistic', { sampling_percentage: 0 }), spans({}), false],
    [
      'and, both',
      policy('and', { and_sub_policy: [isGet, isSlow] }),
      spans({ ...attributes({ stringValue: 'GET' }), startMs: 0, endMs: 200 }),
      true,
    ],
    [
      'and, one',
      policy('and', { and_sub_policy: [isGet, isSlow] }),
      spans(attributes({ stringValue: 'GET' })),
      false,
    ],
    ['not', policy('not', { not_sub_policy: isSlow }), spans({}), true],
  ])('%s', (_title, config, sketches, sampled) => {
    const { policies } = parseTailSamplingConfig({ policies: [config] });
    const verdict = decide(
      policies.map(createPolicy),
      { traceId: '1'.padStart(32, '0'), spans: spansOf(sketches) },
      0,
      false,
    );
    expect(verdict.decision).toBe(sampled ? 'sampled' : 'not_sampled');
  });

  const verdictOf = (configs: object[], sketches: SpanSketch[]) =>
    decide(
      parseTailSamplingConfig({ policies: configs }).policies.map(createPolicy),
      { traceId: 'f'.repeat(32), spans: spansOf(sketches) },
      0,
      false,
    ).decision;

  test('a drop wins over a sample, an inverted no over a yes, a plain no over an inverted yes', () => {
    const keep = { name: 'keep', type: 'always_sample' };
    const get = spans(attributes({ stringValue: 'GET' }));
    expect(verdictOf([keep, { name: 'd', type: 'drop', drop: { drop_sub_policy: [isGet] } }], get)).toBe(
      'dropped',
    );
    expect(
      verdictOf([keep, { name: 'd', type: 'drop', drop: { drop_sub_policy: [isGet] } }], spans({})),
    ).toBe('sampled');
    const notGet = {
      name: 'i',
      type: 'string_attribute',
      string_attribute: { key: 'k', values: ['GET'], invert_match: true },
    };
    expect(verdictOf([keep, notGet], get)).toBe('not_sampled');
    expect(verdictOf([notGet], spans({}))).toBe('sampled');
    expect(verdictOf([notGet, isSlow], spans({}))).toBe('not_sampled');
  });

  test('rate_limiting lets fewer spans through a second than its limit, and starts anew each second', () => {
    const [limit] = parseTailSamplingConfig({
      policies: [policy('rate_limiting', { spans_per_second: 3 })],
    }).policies.map(createPolicy);
    const trace = { traceId: 'f'.repeat(32), spans: spansOf(spans({})) };
    expect([0, 10, 20, 999, 1000].map((now) => limit!.evaluate(trace, now))).toEqual([
      'sampled',
      'sampled',
      'not_sampled',
      'not_sampled',
      'sampled',
    ]);
  });

  test('composite gives each policy its share, in order', () => {
    const [composite] = parseTailSamplingConfig({
      policies: [
        policy('composite', {
          max_total_spans_per_second: 4,
          policy_order: ['get', 'rest'],
          composite_sub_policy: [
            { ...isGet, name: 'get' },
            { name: 'rest', type: 'always_sample' },
          ],
          rate_allocation: [
            { policy: 'get', percent: 75 },
            { policy: 'rest', percent: 25 },
          ],
        }),
      ],
    }).policies.map(createPolicy);
    const evaluate = (sketch: Partial<SpanSketch>) =>
      composite!.evaluate({ traceId: 'f'.repeat(32), spans: spansOf(spans(sketch)) }, 0);
    const get = attributes({ stringValue: 'GET' });
    expect([evaluate({}), evaluate({}), evaluate(get), evaluate(get), evaluate(get), evaluate(get)]).toEqual([
      'sampled',
      'not_sampled',
      'sampled',
      'sampled',
      'sampled',
      'not_sampled',
    ]);
  });

  test('probabilistic keeps its share, the same traces each time', () => {
    const [share] = parseTailSamplingConfig({
      policies: [policy('probabilistic', { sampling_percentage: 10 })],
    }).policies.map(createPolicy);
    const kept = Array.from({ length: 10_000 }, (_, index) => {
      const traceId = (BigInt(index + 1) * 0x9e3779b97f4a7c15f39cc0605cedc835n)
        .toString(16)
        .slice(-32)
        .padStart(32, '0');
      return share!.evaluate({ traceId, spans: [] }, 0) === 'sampled';
    }).filter(Boolean).length;
    expect(kept).toBeGreaterThan(850);
    expect(kept).toBeLessThan(1150);
  });

  test('the hash of a trace ID is FNV-1a over salt and bytes', () => {
    // Published test vector of FNV-1a 64: "foobar".
    expect(traceIdHash('foo', Buffer.from('bar').toString('hex'))).toBe(0x85944171f73967e8n);
  });
});
