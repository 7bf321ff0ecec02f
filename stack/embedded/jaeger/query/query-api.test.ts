import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunningJaeger } from '../server.ts';
import { push, startTestServer } from '../testing.ts';

let jaeger: RunningJaeger;
beforeEach(async () => {
  jaeger = await startTestServer({ maxClockSkew: '1m' });
});
afterEach(async () => jaeger.close());

async function get(path: string): Promise<[number, unknown]> {
  const response = await fetch(jaeger.url + path);
  return [response.status, JSON.parse(await response.text())];
}

async function ids(query: string): Promise<string[]> {
  const [, body] = await get(`/api/traces?${query}`);
  return (body as { data: { traceID: string }[] }).data.map((trace) => trace.traceID.replace(/^0+/, ''));
}

async function sample(): Promise<void> {
  await push(jaeger, [
    {
      traceId: 'a',
      spanId: '1',
      service: 'gateway',
      name: 'GET /notes',
      kind: 2,
      startMs: 1000,
      endMs: 1100,
    },
    {
      traceId: 'a',
      spanId: '2',
      parentSpanId: '1',
      service: 'api',
      name: 'query',
      kind: 3,
      startMs: 1010,
      endMs: 1090,
      attributes: [{ key: 'db.rows', value: { intValue: 5 } }],
      status: { code: 2, message: 'no' },
    },
  ]);
  await push(jaeger, [
    {
      traceId: 'b',
      spanId: '3',
      service: 'gateway',
      name: 'POST /notes',
      kind: 2,
      startMs: 2000,
      endMs: 2010,
    },
  ]);
}

describe('search', () => {
  beforeEach(sample);
  test.each([
    ['service=gateway', ['b', 'a']],
    ['service=gateway&limit=1', ['b']],
    ['service=api', ['a']],
    ['service=none', []],
    ['service=gateway&operation=GET%20%2Fnotes', ['a']],
    ['service=api&operation=GET%20%2Fnotes', []],
    ['service=gateway&minDuration=50ms', ['a']],
    ['service=gateway&maxDuration=50ms', ['b']],
    [`service=gateway&tags=${encodeURIComponent('{"error":"true"}')}`, []],
    [`service=api&tags=${encodeURIComponent('{"error":"true","db.rows":"5"}')}`, ['a']],
    [`service=api&tags=${encodeURIComponent('error=true span.kind="client"')}`, ['a']],
    ['service=gateway&tag=error:false', []],
    ['service=api&tag=span.status:error', ['a']],
    ['service=api&tag=resource.service.name:api', ['a']],
    ['service=api&tag=otel.status_description:no', ['a']],
    ['service=api&tag=db.rows:5', ['a']],
    ['service=api&tag=db.rows:6', []],
    ['service=api&tag=constructor:x', []],
    ['service=gateway&start=1500000', ['b']],
    ['service=gateway&end=1500000', ['a']],
    ['traceID=a&traceID=b', ['a', 'b']],
  ])('%s', async (query, expected) => {
    const bounds = ['start', 'end']
      .filter((name) => !query.includes(`${name}=`))
      .map((name) => `${name}=${name === 'start' ? 0 : 9e12}`);
    expect(await ids(`${query}&${bounds.join('&')}`)).toEqual(expected);
  });

  test('without start, lookback counts back from now', async () => {
    const now = Date.now();
    await push(jaeger, [{ traceId: 'c', spanId: '1', service: 'new', startMs: now - 90 * 60_000 }]);
    expect(await ids('service=new&lookback=1h')).toEqual([]);
    expect(await ids('service=new&lookback=2h')).toEqual(['c']);
    expect(await ids('service=new&lookback=1d')).toEqual(['c']);
  });

  test('spans of the future are kept and found when asked for', async () => {
    await push(jaeger, [{ traceId: 'f', spanId: '1', service: 'future', startMs: 4e12 }]);
    expect(await ids('service=future')).toEqual([]);
    expect(await ids('service=future&start=0&end=5000000000000000')).toEqual(['f']);
  });

  test('services, operations in both forms, dependencies', async () => {
    expect(await get('/api/services')).toEqual([
      200,
      { data: ['api', 'gateway'], total: 2, limit: 0, offset: 0, errors: null },
    ]);
    expect(await get('/api/services/gateway/operations')).toMatchObject([
      200,
      { data: ['GET /notes', 'POST /notes'], total: 2 },
    ]);
    expect(await get('/api/operations?service=api&spanKind=client')).toMatchObject([
      200,
      { data: [{ name: 'query', spanKind: 'client' }] },
    ]);
    expect(await get('/api/operations?service=api&spanKind=server')).toMatchObject([200, { data: [] }]);
    expect(await get('/api/dependencies?endTs=10000&lookback=10000')).toMatchObject([
      200,
      { data: [{ parent: 'gateway', child: 'api', callCount: 1 }] },
    ]);
    expect(
      await get('/api/v3/dependencies?startTime=1970-01-01T00:00:00Z&endTime=1970-01-02T00:00:00Z'),
    ).toEqual([200, { dependencies: [{ parent: 'gateway', child: 'api', callCount: '1' }] }]);
  });

  test('/api/v3 takes both spellings, and answers OTLP', async () => {
    const range =
      'query.start_time_min=1970-01-01T00:00:00Z&query.start_time_max=1970-01-02T00:00:00.5%2B00:00';
    const [status, body] = await get(`/api/v3/traces?query.service_name=api&${range}`);
    expect(status).toBe(200);
    const names = (
      body as { result: { resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[] } }
    ).result.resourceSpans.map((resource) => resource.scopeSpans[0]!.spans[0]!.name);
    expect(names).toEqual(['GET /notes', 'query']);
    const [, summaries] = await get(
      `/api/v3/trace-summaries?query.serviceName=gateway&query.attributes=${encodeURIComponent('{"span.kind":"server"}')}&${range}&query.searchDepth=1`,
    );
    expect(summaries).toEqual({
      summaries: [
        {
          traceId: 'b'.padStart(32, '0'),
          rootServiceName: 'gateway',
          rootOperationName: 'POST /notes',
          minStartTimeUnixNano: '2000000000',
          maxEndTimeUnixNano: '2010000000',
          spanCount: 1,
          services: [{ name: 'gateway', spanCount: 1 }],
        },
      ],
    });
    expect(await get(`/api/v3/trace-summaries?query.serviceName=none&${range}`)).toEqual([
      200,
      { summaries: [] },
    ]);
  });
});

test.each([
  ['/api/traces', 400, "parameter 'service' is required"],
  ['/api/traces?service=a&limit=0', 400, 'invalid parameter: limit must be greater than 0'],
  ['/api/traces?service=a&limit=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
  [
    '/api/traces?service=a&start=x',
    400,
    `unable to parse param 'start': strconv.ParseInt: parsing "x": invalid syntax`,
  ],
  ['/api/traces?service=a&start=2&end=1', 400, 'invalid parameter: start time must be before end time'],
  [
    '/api/traces?service=a&minDuration=5',
    400,
    `unable to parse param 'minDuration': time: missing unit in duration "5"`,
  ],
  [
    '/api/traces?service=a&minDuration=2s&maxDuration=1s',
    400,
    "'maxDuration' should be greater than 'minDuration'",
  ],
  ['/api/traces?service=a&tag=x', 400, "malformed 'tag' parameter, expecting key:value, received: x"],
  [
    '/api/traces?service=a&tags={"a":1}',
    400,
    "malformed 'tags' parameter, cannot unmarshal JSON: json: cannot unmarshal number into Go value of type string",
  ],
  [
    '/api/traces?traceID=xyz',
    400,
    'cannot parse traceID param: strconv.ParseUint: parsing "xyz": invalid syntax',
  ],
  [
    `/api/traces/${'1'.repeat(33)}`,
    400,
    `TraceID cannot be longer than 32 hex characters: ${'1'.repeat(33)}`,
  ],
  ['/api/traces/1', 404, 'trace not found'],
  [
    '/api/traces/1?raw=maybe',
    400,
    `unable to parse param 'raw': strconv.ParseBool: parsing "maybe": invalid syntax`,
  ],
  ['/api/operations', 400, "parameter 'service' is required"],
  [
    '/api/dependencies?endTs=x',
    400,
    `unable to parse param 'endTs': strconv.ParseInt: parsing "x": invalid syntax`,
  ],
  ['/api/metrics/latencies?service=a&quantile=0.9', 501, 'metrics querying is currently disabled'],
])('%s is refused with %i', async (path, code, msg) => {
  expect(await get(path)).toEqual([
    code,
    { data: null, total: 0, limit: 0, offset: 0, errors: [{ code, msg }] },
  ]);
});

const v3Range = 'query.startTimeMin=2026-01-01T00:00:00Z&query.startTimeMax=2026-01-02T00:00:00Z';
test.each([
  ['/api/v3/traces/x', 400, 'malformed parameter trace_id: strconv.ParseUint: parsing "x": invalid syntax'],
  ['/api/v3/traces/1', 404, 'No traces found'],
  ['/api/v3/traces', 400, 'query.startTimeMin and query.startTimeMax are required'],
  [`/api/v3/traces?${v3Range}`, 404, 'No traces found'],
  [
    `/api/v3/traces?${v3Range}&query.num_traces=x`,
    400,
    'malformed parameter query.num_traces: strconv.ParseUint: parsing "x": invalid syntax',
  ],
  [
    `/api/v3/traces?${v3Range}&query.durationMin=x`,
    400,
    'malformed parameter query.durationMin: time: invalid duration "x"',
  ],
  [
    `/api/v3/traces?${v3Range}&query.raw_traces=x`,
    400,
    'malformed parameter query.raw_traces: strconv.ParseBool: parsing "x": invalid syntax',
  ],
  [
    `/api/v3/trace-summaries?${v3Range}&query.filter={}`,
    400,
    'malformed parameter query.filter: filter expressions are not supported by the embedded Jaeger',
  ],
])('%s is refused with %i', async (path, httpCode, message) => {
  expect(await get(path)).toEqual([httpCode, { error: { httpCode, message } }]);
});

test('an archive is refused, a pretty answer is indented, the page and the health are there', async () => {
  const archive = await fetch(`${jaeger.url}/api/archive/1`, { method: 'POST' });
  expect([archive.status, JSON.parse(await archive.text()).errors]).toEqual([
    500,
    [{ code: 500, msg: 'archive span storage was not configured' }],
  ]);
  expect(await (await fetch(`${jaeger.url}/api/services?prettyPrint=true`)).text()).toContain(
    '\n    "data": null,\n',
  );
  expect(await (await fetch(`${jaeger.url}/search`)).text()).toContain('<title>Jaeger (embedded)</title>');
  expect((await fetch(`${jaeger.url}/health`)).status).toBe(200);
});

test('a search for very much is answered whole, and a client that leaves half way does no harm', async () => {
  for (let trace = 1; trace <= 15; trace += 1) {
    const spans = Array.from({ length: 2000 }, (_, index) => ({
      traceId: trace.toString(16),
      spanId: (index + 1).toString(16),
      startMs: 1000,
    }));
    expect((await push(jaeger, spans)).status).toBe(200);
  }
  const [, legacy] = await get('/api/traces?service=api&start=0');
  expect((legacy as { data: { spans: unknown[] }[] }).data.map((trace) => trace.spans.length)).toEqual(
    Array(15).fill(2000),
  );
  const range = 'query.startTimeMin=1970-01-01T00:00:00Z&query.startTimeMax=1970-01-02T00:00:00Z';
  const abort = new AbortController();
  const left = await fetch(`${jaeger.url}/api/v3/traces?${range}`, { signal: abort.signal });
  await left.body!.getReader().read();
  abort.abort();
  const [, v3] = await get(`/api/v3/traces?${range}`);
  expect((v3 as { result: { resourceSpans: unknown[] } }).result.resourceSpans).toHaveLength(30_000);
  const [, body] = await get(`/api/v3/trace-summaries?${range}`);
  expect((body as { summaries: unknown[] }).summaries).toHaveLength(15);
});

describe('adjusters', () => {
  const spansOfTrace = async (query = '') => {
    const [, body] = await get(`/api/traces/a${query}`);
    const trace = (
      body as {
        data: {
          spans: {
            spanID: string;
            startTime: number;
            references: { spanID: string }[];
            warnings: string[] | null;
            tags: { key: string; value: unknown }[];
          }[];
        }[];
      }
    ).data[0]!;
    return trace.spans.map((span) => ({ ...span, spanID: span.spanID.replace(/^0+/, '') }));
  };

  test('a skewed clock of another host is corrected up to the limit, and reported; raw shows what came', async () => {
    await push(jaeger, [
      { traceId: 'a', spanId: '1', host: 'h1', startMs: 1000, endMs: 1100 },
      { traceId: 'a', spanId: '2', parentSpanId: '1', host: 'h2', startMs: 500, endMs: 550 },
      { traceId: 'a', spanId: '3', parentSpanId: '1', host: 'h3', startMs: 100_500, endMs: 100_550 },
      { traceId: 'a', spanId: '4', parentSpanId: '1', host: 'h1', startMs: 500, endMs: 550 },
      { traceId: 'a', spanId: '5', parentSpanId: '99', host: 'h1', startMs: 500, endMs: 550 },
    ]);
    const byId = new Map((await spansOfTrace()).map((span) => [span.spanID, span]));
    expect(byId.get('2')).toMatchObject({
      startTime: 1_025_000,
      warnings: ["This span's timestamps were adjusted by 525ms"],
    });
    expect(byId.get('3')).toMatchObject({
      startTime: 100_500_000,
      warnings: [
        'max clock skew adjustment delta of 1m0s exceeded; not applying calculated delta of -1m39.475s',
      ],
    });
    expect(byId.get('4')).toMatchObject({ startTime: 500_000, warnings: null });
    expect(byId.get('5')?.warnings).toEqual([
      'parent span ID=0000000000000099 is not in the trace; skipping clock skew adjustment',
    ]);
    expect((await spansOfTrace('?raw=true')).every((span) => span.warnings === null)).toBe(true);
  });

  test('a server span that shares its client’s ID gets its own, addresses become readable', async () => {
    const server = {
      traceId: 'a',
      spanId: '7',
      kind: 2,
      startMs: 2,
      attributes: [{ key: 'peer.ipv4', value: { intValue: 0x7f000001 } }],
    };
    await push(jaeger, [
      { traceId: 'a', spanId: '7', kind: 3, startMs: 1 },
      server,
      { traceId: 'a', spanId: '8', parentSpanId: '7', startMs: 3 },
    ]);
    const spans = await spansOfTrace();
    expect(spans.filter((span) => span.spanID === '7')).toHaveLength(1);
    expect(spans.find((span) => span.spanID === '1')?.references[0]?.spanID).toBe('0000000000000007');
    expect(spans.find((span) => span.spanID === '1')?.tags).toEqual(
      expect.arrayContaining([{ key: 'peer.ipv4', type: 'string', value: '127.0.0.1' }]),
    );
  });

  test('spans sent twice are shown once', async () => {
    const spans = [
      { traceId: 'a', spanId: '1' },
      { traceId: 'a', spanId: '2', parentSpanId: '1' },
    ];
    await push(jaeger, spans);
    await push(jaeger, spans);
    expect((await spansOfTrace()).map((span) => span.spanID)).toEqual(['1', '2']);
    expect(await spansOfTrace('?raw=true')).toHaveLength(4);
  });

  test('a trace of 10000 levels and one of cycles are answered', async () => {
    const deep = Array.from({ length: 2000 }, (_, index) => ({
      traceId: 'a',
      spanId: (index + 1).toString(16),
      parentSpanId: index.toString(16),
    }));
    for (let from = 0; from < 10_000; from += 2000) {
      await push(
        jaeger,
        deep.map((span) => ({
          ...span,
          spanId: (Number.parseInt(span.spanId, 16) + from).toString(16),
          parentSpanId: (Number.parseInt(span.parentSpanId, 16) + from).toString(16),
        })),
      );
    }
    expect(await spansOfTrace()).toHaveLength(10_000);
    await push(jaeger, [
      { traceId: 'b', spanId: '1', parentSpanId: '2' },
      { traceId: 'b', spanId: '2', parentSpanId: '1' },
    ]);
    expect((await get('/api/v3/traces/b'))[0]).toBe(200);
    expect((await get('/api/lab/traces/b/critical-path'))[0]).toBe(200);
  });
});
