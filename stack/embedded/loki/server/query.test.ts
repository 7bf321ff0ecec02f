import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer } from './test-server.ts';

let loki: Awaited<ReturnType<typeof startTestServer>>;

beforeAll(async () => {
  loki = await startTestServer();
  await loki.pushLines({ app: 'web' }, [
    '{"level":"info","path":"/a","ms":10,"user":{"id":7},"addr":"10.0.0.5"}',
    '{"level":"error","path":"/b","ms":250,"user":{"id":8},"addr":"192.168.1.9"}',
    '{"level":"info","path":"/a","ms":30,"user":{"id":7},"app":"inner","empty":"","tags":["x"]}',
    'no json',
  ]);
  await loki.pushLines({ app: 'pay' }, [
    'level=info took=150ms size=2KB msg="all good"',
    'level=warn took=2s size=10KB msg="slow \\"one\\""',
    'level=info took=oops size=1B empty= flag',
  ]);
  await loki.pushLines({ app: 'nginx' }, ['10.0.0.1 - GET /x 200', '10.0.0.2 - POST /y 503']);
  await loki.pushLines({ app: 'pack' }, [
    '{"pod":"p1","_entry":"the line","n":5}',
    '\u001b[31mred\u001b[0m ünï',
  ]);
});
afterAll(() => loki.server.close());

describe('line filters', () => {
  it.each([
    ['{app="web"} |= "error"', 1],
    ['{app="web"} != "error"', 3],
    ['{app="web"} |= "error" or "no json"', 2],
    ['{app="web"} != "error" or "no json"', 2],
    ['{app="web"} |~ "ms\\":[0-9]{3}"', 1],
    ['{app="web"} !~ "ms\\":[0-9]{3}"', 3],
    ['{app="nginx"} |> "<_> - GET <_>"', 1],
    ['{app="nginx"} !> "<_> - GET <_>"', 1],
    ['{app="web"} |= ip("10.0.0.0/8")', 1],
    ['{app="web"} |= "info" |= "/a" != "inner"', 1],
    ['{app="pack"} |= "ünï"', 1],
  ])('%s keeps %d lines', async (query, count) => {
    expect(await loki.lines(query)).toHaveLength(count);
  });

  it('does not find a text that only two neighbouring lines make together', async () => {
    expect(await loki.lines('{app="nginx"} |= "20010.0.0.2"')).toEqual([]);
  });
});

describe('parsers and label filters', () => {
  it.each([
    ['{app="web"} | json | ms > 20', 2],
    ['{app="web"} | json | ms > 20 and level="info"', 1],
    ['{app="web"} | json | ms > 200 or path="/a"', 3],
    ['{app="web"} | json | user_id = 7', 2],
    ['{app="web"} | json | __error__ != ""', 1],
    ['{app="web"} | json | addr = ip("192.168.0.0-192.168.255.255") | __error__=""', 1],
    ['{app="web"} | json who="user.id" | who = "8"', 1],
    ['{app="web"} | json tag="tags[0]" | tag = "x"', 1],
    ['{app="pay"} | logfmt | took >= 150ms | __error__ = ""', 2],
    ['{app="pay"} | logfmt | size > 1KB', 2],
    ['{app="pay"} | logfmt t="took" | t = "2s"', 1],
    ['{app="pay"} | logfmt | msg =~ "slow.*"', 1],
    ['{app="nginx"} | pattern `<ip> - <method> <path> <status>` | status >= 500', 1],
    ['{app="nginx"} | regexp `(?P<verb>GET|POST) (?P<where>\\S+)` | where = "/y"', 1],
    ['{app="web"} | json | path="/a", ms=10', 1],
  ])('%s keeps %d lines', async (query, count) => {
    expect(await loki.lines(query)).toHaveLength(count);
  });

  it('gives a label that the stream already has the suffix _extracted, and skips arrays and empty values', async () => {
    const [labels] = await loki.labels('{app="web"} | json | app_extracted="inner"');
    expect(labels).toMatchObject({ app: 'web', app_extracted: 'inner' });
    expect(labels).not.toHaveProperty('tags');
    expect(labels).not.toHaveProperty('empty');
  });

  it('marks what is no JSON, and no number, in the words of Loki', async () => {
    expect(await loki.labels('{app="web"} | json | __error__="JSONParserErr"')).toMatchObject([
      { __error_details__: "Value looks like object, but can't find closing '}' symbol" },
    ]);
    expect(await loki.labels('{app="pay"} | logfmt | took > 1s | __error__!=""')).toMatchObject([
      { __error__: 'LabelFilterErr', __error_details__: 'time: invalid duration "oops"' },
    ]);
  });

  it('keeps logfmt keys without value only with --keep-empty', async () => {
    const plain = await loki.labels('{app="pay"} |= "oops" | logfmt | drop detected_level');
    expect(plain[0]).not.toHaveProperty('flag');
    expect(await loki.lines('{app="pay"} |= "oops" | logfmt --strict')).toHaveLength(1);
  });

  it('unpacks, decolorizes, and rewrites lines and labels', async () => {
    expect(await loki.lines('{app="pack"} | unpack | pod="p1"')).toEqual(['the line']);
    expect(await loki.lines('{app="pack"} |= "red" | decolorize')).toEqual(['red ünï']);
    expect(
      await loki.lines(
        '{app="web"} | json | ms = 250 | line_format "{{.path | upper}} {{div .ms 100}} {{.missing}}"',
      ),
    ).toEqual(['/B 2 ']);
    expect(
      await loki.labels(
        '{app="web"} | json | ms = 250 | label_format where=path,what="{{.level}}!" | keep where, what',
      ),
    ).toEqual([{ where: '/b', what: 'error!' }]);
    expect(
      await loki.labels('{app="web"} | json | ms = 250 | drop ms, addr, level="error", detected_level'),
    ).toEqual([{ app: 'web', path: '/b', service_name: 'web', user_id: '8' }]);
  });

  it('reports a failing template on its line and keeps the line', async () => {
    expect(await loki.labels('{app="nginx"} |= "GET" | line_format "{{ div 1 0 }}"')).toMatchObject([
      { __error__: 'TemplateFormatErr' },
    ]);
  });
});

describe('metrics', () => {
  it.each([
    // By the level that was detected: error, info, unknown.
    ['count_over_time({app="web"}[1m])', [1, 2, 1]],
    ['sum(count_over_time({app=~"web|pay"}[1m]))', [7]],
    ['sum by (app) (bytes_over_time({app="nginx"}[1m]))', [43]],
    ['sum(rate({app="web"}[1m])) * 60', [4]],
    ['sum(sum_over_time({app="web"} | json | unwrap ms | __error__="" [1m]))', [290]],
    ['avg_over_time({app="web"} | json | unwrap ms | __error__="" [1m]) by (level)', [250, 20]],
    ['max_over_time({app="web"} | json | unwrap ms | __error__="" [1m]) by (app)', [250]],
    ['quantile_over_time(0.5, {app="web"} | json | unwrap ms | __error__="" [1m]) by (app)', [30]],
    ['sum(sum_over_time({app="pay"} | logfmt | unwrap bytes(size) | __error__="" [1m]))', [12_001]],
    ['sum(sum_over_time({app="pay"} | logfmt | unwrap duration(took) | __error__="" [1m]))', [2.15]],
    ['absent_over_time({app="none"}[1m])', [1]],
    ['count(count_over_time({app=~".+"}[1m]) > 1)', [4]],
    ['topk(1, sum by (app) (count_over_time({app=~".+"}[1m])))', [4]],
    ['sum(count_over_time({app="web"}[1m])) > bool 3', [1]],
    ['sum(count_over_time({app="none"}[1m])) or vector(5)', [5]],
    [
      'sum by (app) (count_over_time({app="web"}[1m])) / on (app) sum by (app) (count_over_time({app="web"} | json | ms > 20 | __error__="" [1m]))',
      [2],
    ],
    ['2 ^ 3 ^ 2', [512]],
    ['-1 + 2 * 3', [5]],
    ['vector(1) / 0', [Number.NaN]],
  ])('%s', async (query, wanted) => {
    const samples = await loki.value(query);
    expect(Array.isArray(samples) ? samples.map((one) => Number(one.split(' ').at(-1))) : samples).toEqual(
      wanted,
    );
  });

  it('opens a window at its start and closes it at its end', async () => {
    // The four lines stand at -3 s, -2 s, -1 s and now.
    expect(await loki.value('sum(count_over_time({app="web"}[3s]))')).toEqual(['{} 3']);
    expect(await loki.value('sum(count_over_time({app="web"}[1s] offset 3s))')).toEqual(['{} 1']);
  });

  it('counts an entry on the border of two windows once, and moves a range to multiples of its step', async () => {
    const seconds = Math.floor(loki.clock.nowMs / 1000);
    const { text } = await loki.get('/loki/api/v1/query_range', {
      query: 'sum(count_over_time({app="web"}[1s]))',
      start: `${seconds - 10}`,
      end: `${seconds}`,
      step: '1',
    });
    expect(JSON.parse(text)).toMatchObject({
      data: {
        resultType: 'matrix',
        result: [{ metric: {}, values: [3, 2, 1, 0].map((ago) => [seconds - ago, '1']) }],
      },
    });
    const aligned = await loki.get('/loki/api/v1/query_range', {
      query: 'vector(1)',
      start: `${seconds - 7}`,
      end: `${seconds + 3}`,
      step: '10',
    });
    expect(JSON.parse(aligned.text)).toMatchObject({
      data: { result: [{ values: [seconds - 10, seconds, seconds + 10].map((at) => [at, '1']) }] },
    });
  });

  it('fails a metric query on a line that failed, and names the line', async () => {
    expect(await loki.value('sum by (level) (count_over_time({app="web"} | json [1m]))')).toContain(
      "pipeline error: 'JSONParserErr' for series:",
    );
  });

  it('replaces labels and keeps the order of sort_desc', async () => {
    expect(await loki.value('label_replace(vector(1), "a", "$0!", "b", "")')).toEqual(['{"a":"!"} 1']);
    expect(await loki.value('sort_desc(sum by (app) (count_over_time({app=~"web|pay|nginx"}[1m])))')).toEqual(
      ['{"app":"web"} 4', '{"app":"pay"} 3', '{"app":"nginx"} 2'],
    );
  });

  it('asks for explicit matching where sides are ambiguous', async () => {
    expect(
      await loki.value(
        'sum by (app, level) (count_over_time({app="web"} | json | __error__="" [1m])) + on (app) sum by (app, path) (count_over_time({app="web"} | json | __error__="" [1m]))',
      ),
    ).toContain('many-to-many matching not allowed');
  });
});
