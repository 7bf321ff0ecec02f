import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Labels } from '../labels/labels.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

let prometheus: TestServer;
const start = 1_767_225_600;

beforeAll(async () => {
  prometheus = await startTestServer({}, ['--web.enable-admin-api', '--query.timeout=2s']);
  const { head } = prometheus.server;
  for (let series = 0; series < 20; series++) {
    const target = head.series(Labels.from({ __name__: 'm', id: String(series) }));
    for (let index = 0; index < 240; index++)
      head.append(target, (start + index * 15) * 1000, series + index);
  }
});
afterAll(() => prometheus[Symbol.asyncDispose]());

const answer = async (path: string, init?: RequestInit) => {
  const response = await fetch(prometheus.server.url + path, init);
  return { status: response.status, text: await response.text(), headers: response.headers };
};

describe('errors have the shape and the words of the real server', () => {
  test.each([
    [
      'query?query=sum(',
      400,
      'bad_data',
      'invalid parameter "query": 1:5: parse error: unclosed left parenthesis',
    ],
    [
      'query',
      400,
      'bad_data',
      'invalid parameter "query": unknown position: parse error: no expression found in input',
    ],
    [
      'query?query=up&time=x',
      400,
      'bad_data',
      'invalid parameter "time": invalid time value for \'time\': cannot parse "x" to a valid timestamp',
    ],
    [
      'query?query=up&timeout=x',
      400,
      'bad_data',
      'invalid parameter "timeout": cannot parse "x" to a valid duration',
    ],
    [
      'query?query=up&lookback_delta=x',
      400,
      'bad_data',
      'error parsing lookback delta duration: cannot parse "x" to a valid duration',
    ],
    [
      'query_range?query=up&start=0&end=1e9&step=1',
      400,
      'bad_data',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    ],
    [
      'query_range?query=up&start=0&end=10&step=0',
      400,
      'bad_data',
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    ],
    ['series', 400, 'bad_data', 'no match[] parameter provided'],
    ['labels?limit=-1', 400, 'bad_data', 'invalid parameter "limit": limit must be non-negative'],
    ['metadata?limit=x', 400, 'bad_data', 'limit must be a number'],
    ['rules?type=x', 400, 'bad_data', 'invalid parameter "type": not supported value "x"'],
    [
      'rules?group_next_token=x',
      400,
      'bad_data',
      'invalid parameter "group_limit": group_limit needs to be present in order to paginate over the groups',
    ],
  ])('%s', async (path, status, errorType, error) => {
    const { status: got, text, headers } = await answer(`/api/v1/${path}`);
    expect({ status: got, body: JSON.parse(text) }).toEqual({
      status,
      body: { status: 'error', errorType, error },
    });
    expect(headers.get('content-type')).toBe('application/json');
  });

  test('a wrong method is 405 with Allow, an unknown path 404, both plain', async () => {
    const wrong = await answer('/api/v1/query', { method: 'DELETE' });
    expect([wrong.status, wrong.headers.get('allow'), wrong.text]).toEqual([
      405,
      'GET, OPTIONS, POST',
      'Method Not Allowed\n',
    ]);
    expect(await answer('/api/v1/nope')).toMatchObject({ status: 404, text: '404 page not found\n' });
    expect((await answer('/api/v1/label/%E0%A4%A/values')).status).toBe(400);
  });

  test('without their flags, lifecycle and admin endpoints refuse', async () => {
    await using plain = await startTestServer({}, ['--no-web.enable-lifecycle']);
    expect(await plain.reload()).toEqual({ status: 403, text: 'Lifecycle API is not enabled.' });
    const response = await fetch(`${plain.server.url}/api/v1/admin/tsdb/delete_series?match[]=m`, {
      method: 'POST',
    });
    expect(await response.json()).toEqual({
      status: 'error',
      errorType: 'unavailable',
      error: 'admin APIs disabled',
    });
    expect((await fetch(`${plain.server.url}/api/v1/write`, { method: 'POST' })).status).toBe(404);
  });
});

describe('what would take the server down is refused in bounded time, and it stays up', () => {
  test.each([
    ['nested 1000 deep', `${'('.repeat(1000)}m${')'.repeat(1000)}`],
    ['1000 unary signs', `${'-'.repeat(1000)}m`],
    ['1000 nested calls', `${'abs('.repeat(1000)}m${')'.repeat(1000)}`],
    ['a subquery of 1e9 steps', 'max_over_time(m[30y:1s])'],
    ['nested subqueries', 'max_over_time(max_over_time(max_over_time(m[1d:1s])[1d:1s])[1d:1s])'],
    ['a long query', `m + ${'1 + '.repeat(300_000)}1`],
  ])('%s', async (_title, query) => {
    const { status, text } = await answer('/api/v1/query', {
      method: 'POST',
      body: new URLSearchParams({ query, time: String(start + 3000) }),
    });
    const body = JSON.parse(text) as { status: string; error: string };
    expect([200, 400, 422, 503]).toContain(status);
    if (status !== 200) expect(body).toMatchObject({ status: 'error', error: expect.any(String) });
    expect((await answer('/-/healthy')).status).toBe(200);
  });

  test('a regex bomb is linear', async () => {
    prometheus.server.head.append(
      prometheus.server.head.series(Labels.from({ __name__: 'long', a: `${'a'.repeat(50_000)}!` })),
      (start + 3600) * 1000,
      1,
    );
    const { body } = await prometheus.get('query', {
      query: 'count(long{a=~"(a+)+$|(a|aa)*b"}) or vector(0)',
      time: String(start + 3600),
    });
    expect(body.data.result[0].value[1]).toBe('0');
  });

  test('a form of 11 MB is 413', async () => {
    const body = new URLSearchParams({ query: 'x'.repeat(11_000_000) });
    expect((await answer('/api/v1/query', { method: 'POST', body })).status).toBe(413);
  });
});

describe('answers', () => {
  test('limit cuts and says so', async () => {
    const asked: [string, Record<string, string>][] = [
      ['query', { query: 'm', time: String(start + 60) }],
      ['series', { 'match[]': 'm' }],
      ['label/id/values', {}],
    ];
    for (const [path, parameters] of asked) {
      const { body } = await prometheus.get(path, { ...parameters, limit: '3' });
      expect(body.warnings).toEqual(['results truncated due to limit']);
      expect(body.data.result ?? body.data).toHaveLength(3);
    }
  });

  test('numbers are written as Go writes them', async () => {
    const value = async (query: string) => (await prometheus.get('query', { query })).body.data.result[1];
    expect(await value('1e21')).toBe('1e+21');
    expect(await value('1e-7')).toBe('1e-07');
    expect(await value('123456789012')).toBe('123456789012');
    expect(await value('-1/0')).toBe('-Inf');
    expect(await value('0.1+0.2')).toBe('0.30000000000000004');
  });

  test('format_query breaks long lines as the real one does', async () => {
    const query =
      'sum by (endpoint) (rate(http_requests_total{status=~"5.."}[5m])) / sum by (endpoint) (rate(http_requests_total[5m])) > 0.05';
    const { body } = await prometheus.get('format_query', { query });
    expect(body.data).toBe(
      [
        '    sum by (endpoint) (rate(http_requests_total{status=~"5.."}[5m]))',
        '  /',
        '    sum by (endpoint) (rate(http_requests_total[5m]))',
        '>',
        '  0.05',
      ].join('\n'),
    );
  });

  test('status/tsdb counts series and labels', async () => {
    const { body } = await prometheus.get('status/tsdb', { limit: '2' });
    expect(body.data.headStats).toMatchObject({
      numSeries: prometheus.server.head.seriesCount,
      chunkCount: expect.any(Number),
    });
    expect(body.data.seriesCountByMetricName[0]).toEqual({ name: 'm', value: 20 });
    expect(body.data.labelValueCountByLabelName[0]).toEqual({ name: 'id', value: 20 });
  });

  test('the version says that it is embedded', async () => {
    expect((await prometheus.get('status/buildinfo')).body.data.version).toMatch(/-embedded$/);
  });

  test('deleted series are gone', async () => {
    await answer('/api/v1/admin/tsdb/delete_series?match[]=m{id="19"}', { method: 'POST' });
    expect((await prometheus.get('label/id/values')).body.data).not.toContain('19');
  });
});
