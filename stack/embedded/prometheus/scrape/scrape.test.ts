import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { page, startTarget, startTestServer, type TestServer, until } from '../testing/test-server.ts';
import { parseOpenMetrics } from './exposition/open-metrics-parser.ts';
import { detached, parseSeries } from './exposition/series-text.ts';

const interval = 'global: {scrape_interval: 100ms, scrape_timeout: 90ms}\n';
const job = (address: string, more = '') =>
  `${interval}scrape_configs: [{job_name: t, static_configs: [{targets: ['${address}']}]${more === '' ? '' : `, ${more}`}}]\n`;

async function target(prometheus: TestServer) {
  const { body } = await prometheus.get('targets');
  return body.data.activeTargets[0] as { health: string; lastError: string; labels: Record<string, string> };
}

/** The target once it was scraped. */
function scraped(prometheus: TestServer) {
  return until(async () => {
    const found = await target(prometheus);
    return found.health !== 'unknown' && found;
  });
}

describe('a scrape', () => {
  test('brings its samples and the synthetic series', async () => {
    await using shop = await startTarget(page('a{x="1"} 1\na{x="2"} 2\nb 3\n'));
    await using prometheus = await startTestServer({
      'prometheus.yml': job(
        shop.address,
        'metric_relabel_configs: [{source_labels: [__name__], regex: b, action: drop}]',
      ),
    });
    await scraped(prometheus);
    expect(await prometheus.query('a')).toEqual([
      { metric: { __name__: 'a', instance: shop.address, job: 't', x: '1' }, value: '1' },
      { metric: { __name__: 'a', instance: shop.address, job: 't', x: '2' }, value: '2' },
    ]);
    expect(await prometheus.query('b')).toEqual([]);
    const value = async (name: string) => (await prometheus.query(name))[0]!.value;
    expect(await value('up')).toBe('1');
    expect(await value('scrape_samples_scraped')).toBe('3');
    expect(await value('scrape_samples_post_metric_relabeling')).toBe('2');
    expect(await value('max_over_time(scrape_series_added[1m])')).toBe('2');
    expect(Number(await value('scrape_duration_seconds'))).toBeGreaterThan(0);
    expect(shop.requests[0]!.headers).toMatchObject({
      accept: expect.stringContaining('application/openmetrics-text;version=1.0.0'),
      'accept-encoding': 'gzip',
      'x-prometheus-scrape-timeout-seconds': '0.09',
    });
  });

  test('gzip, parameters and credentials', async () => {
    await using shop = await startTarget((_request, response) => {
      response.setHeader('Content-Type', 'text/plain');
      response.setHeader('Content-Encoding', 'gzip');
      response.end(gzipSync('zipped 1\n'));
    });
    await using prometheus = await startTestServer({
      'prometheus.yml': job(
        shop.address,
        'metrics_path: /probe, params: {module: [a, b]}, basic_auth: {username: u, password: p}',
      ),
    });
    await scraped(prometheus);
    expect(await prometheus.query('zipped')).toHaveLength(1);
    expect(shop.requests[0]!.url).toBe('/probe?module=a&module=b');
    expect(shop.requests[0]!.headers.authorization).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`);
    const { body } = await prometheus.get('status/config');
    expect(body.data.yaml).toContain('password: <secret>');
  });

  test('labels of the target win over those of the metric, unless honor_labels says otherwise', async () => {
    await using shop = await startTarget(page('m{job="own",instance="mine"} 1\n'));
    await using prometheus = await startTestServer({ 'prometheus.yml': job(shop.address) });
    await scraped(prometheus);
    expect((await prometheus.query('m'))[0]!.metric).toEqual({
      __name__: 'm',
      exported_instance: 'mine',
      exported_job: 'own',
      instance: shop.address,
      job: 't',
    });
    await using honest = await startTestServer({ 'prometheus.yml': job(shop.address, 'honor_labels: true') });
    await scraped(honest);
    expect((await honest.query('m'))[0]!.metric).toEqual({ __name__: 'm', instance: 'mine', job: 'own' });
  });

  test('honor_timestamps decides whose time a sample bears', async () => {
    const old = Date.now() - 20_000;
    await using shop = await startTarget(page(`m 1 ${old}\n`));
    await using prometheus = await startTestServer({ 'prometheus.yml': job(shop.address) });
    await scraped(prometheus);
    expect(Number((await prometheus.query('timestamp(m)'))[0]!.value)).toBe(old / 1000);
    await using deaf = await startTestServer({
      'prometheus.yml': job(shop.address, 'honor_timestamps: false'),
    });
    await scraped(deaf);
    expect(Number((await deaf.query('timestamp(m)'))[0]!.value)).toBeGreaterThan(old / 1000 + 10);
  });

  test('a sample from the future is left out, and takes nothing else with it', async () => {
    const ahead = Date.now() * 1000;
    await using shop = await startTarget(page(`near 1 ${Date.now() + 500_000}\nfar 2 ${ahead}\nm 1\n`));
    await using prometheus = await startTestServer({ 'prometheus.yml': job(shop.address) });
    await scraped(prometheus);
    prometheus.server.head.enforceRetention();
    await until(async () => Number((await prometheus.query('count_over_time(m[1m])'))[0]?.value) > 2);
    expect(await prometheus.query(`far @ ${ahead / 1000}`)).toEqual([]);
    expect(prometheus.server.head.maxMs).toBeLessThan(Date.now() + 600_000);
    const metrics = await (await fetch(`${prometheus.server.url}/metrics`)).text();
    expect(metrics).toMatch(/^prometheus_target_scrapes_sample_out_of_bounds_total [1-9]/m);
  });

  test('what was read before the error is counted, and nothing of it is kept', async () => {
    await using shop = await startTarget(page('a 1\nb 2\nc{x="1"y} 3\nd 4\n'));
    await using prometheus = await startTestServer({
      'prometheus.yml': job(
        shop.address,
        'metric_relabel_configs: [{source_labels: [__name__], regex: a, action: drop}]',
      ),
    });
    const { lastError } = await scraped(prometheus);
    expect(lastError).toBe('metric name already set while parsing: "c{x=\\"1\\"y}"');
    const value = async (name: string) => (await prometheus.query(name))[0]!.value;
    expect(await value('scrape_samples_scraped')).toBe('2');
    expect(await value('scrape_samples_post_metric_relabeling')).toBe('1');
    expect(await value('sum_over_time(scrape_series_added[1m])')).toBe('1');
    expect(await prometheus.query('{__name__=~"[abcd]"}')).toEqual([]);
  });

  test.each([
    ['an empty page', page('')],
    ['an empty page of OpenMetrics', page('', 'application/openmetrics-text')],
    ['an empty page of no type', page('', '')],
  ])('%s is a scrape without samples', async (_title, handler) => {
    await using shop = await startTarget(handler);
    await using prometheus = await startTestServer({ 'prometheus.yml': job(shop.address) });
    expect(await scraped(prometheus)).toMatchObject({ health: 'up', lastError: '' });
  });

  test('samples that are dropped for their time, or repeated, are counted and told of once', async () => {
    const said: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    const now = Date.now();
    await using shop = await startTarget(
      page(`late 2 ${now - 1000}\nlate 1 ${now - 2000}\nb 1\nb 2\nfar 1 ${now * 10}\n`),
    );
    await using prometheus = await startTestServer({ 'prometheus.yml': job(shop.address) });
    await until(async () => Number((await prometheus.query('count_over_time(up[1m])'))[0]?.value) > 3);
    const warnings = said.filter((text) => text.includes('Error on ingesting'));
    expect(warnings.map((text) => /msg="([^"]*)" num_dropped=(\d+)/.exec(text)?.slice(1))).toEqual([
      ['Error on ingesting out-of-order samples', '1'],
      ['Error on ingesting samples with different value but same timestamp', '1'],
      ['Error on ingesting samples that are too old or are too far into the future', '1'],
    ]);
    expect((await prometheus.query('b'))[0]!.value).toBe('1');
    const metrics = await (await fetch(`${prometheus.server.url}/metrics`)).text();
    expect(metrics).toMatch(/^prometheus_target_scrapes_sample_duplicate_timestamp_total [1-9]/m);
    expect(metrics).toMatch(/^prometheus_target_scrapes_sample_out_of_order_total [1-9]/m);
  });

  test('exemplars are kept with the flag and can be asked for', async () => {
    await using shop = await startTarget(
      page(
        '# TYPE m counter\nm_total 1 # {trace_id="abc"} 0.5\n# EOF\n',
        'application/openmetrics-text; version=1.0.0',
      ),
    );
    await using prometheus = await startTestServer({ 'prometheus.yml': job(shop.address) }, [
      '--enable-feature=exemplar-storage',
    ]);
    await scraped(prometheus);
    const { body } = await prometheus.get('query_exemplars', { query: 'rate(m_total[1m])' });
    expect(body.data).toEqual([
      {
        seriesLabels: { __name__: 'm_total', instance: shop.address, job: 't' },
        exemplars: [{ labels: { trace_id: 'abc' }, value: '0.5', timestamp: expect.any(Number) }],
      },
    ]);
  });

  test.each([
    [
      'not the format',
      page('this is not metrics\n'),
      '',
      'strconv.ParseFloat: parsing "is": invalid syntax while parsing: "this is"',
    ],
    [
      'HTTP 500',
      ((_request, response) => response.writeHead(500).end()) as ReturnType<typeof page>,
      '',
      'server returned HTTP status 500 Internal Server Error',
    ],
    [
      'no end',
      (() => {}) as ReturnType<typeof page>,
      '',
      /^Get "http:\/\/[\d.:]+\/metrics": context deadline exceeded$/,
    ],
    ['too many samples', page('a 1\nb 2\nc 3\n'), 'sample_limit: 2', 'sample limit exceeded'],
    [
      'too many labels',
      page('a{x="1",y="2"} 1\n'),
      'label_limit: 3',
      'label_limit exceeded (metric: "a", number of labels: 5, limit: 3)',
    ],
    [
      'a long label value',
      page(`a{x="${'v'.repeat(100)}"} 1\n`),
      'label_value_length_limit: 50',
      /^label_value_length_limit exceeded \(metric: "a", label name: "x"/,
    ],
    ['a large body', page('a 1\n'.repeat(1000)), 'body_size_limit: 100B', 'body size limit exceeded'],
    [
      'an unknown type',
      page('a 1\n', 'application/xml'),
      '',
      'received unsupported Content-Type "application/xml" and no fallback_scrape_protocol specified for target',
    ],
  ])(
    'that fails (%s) gives up=0, the reason, and none of its samples',
    async (_title, handler, more, message) => {
      await using shop = await startTarget(handler);
      await using prometheus = await startTestServer({ 'prometheus.yml': job(shop.address, more) });
      const found = await scraped(prometheus);
      expect(found.health).toBe('down');
      expect(found.lastError).toMatch(message);
      expect((await prometheus.query('up'))[0]!.value).toBe('0');
      expect(await prometheus.query('a')).toEqual([]);
    },
  );

  test('a label value of 10 MB is taken without harm', async () => {
    await using shop = await startTarget(page(`a{x="${'v'.repeat(10_000_000)}"} 1\nb 2\n`));
    await using prometheus = await startTestServer({
      'prometheus.yml': job(shop.address).replaceAll(/\d+ms/g, '2s'),
    });
    await scraped(prometheus);
    expect(await prometheus.query('b')).toHaveLength(1);
    expect((await prometheus.query('count(a)'))[0]!.value).toBe('1');
  });
});

describe('staleness', () => {
  test('a series that a target stops exposing ends at once', async () => {
    await using shop = await startTarget(page('a 1\nb 2\n'));
    await using prometheus = await startTestServer({ 'prometheus.yml': job(shop.address) });
    await until(async () => (await prometheus.query('b')).length === 1);
    shop.handler = page('a 1\n');
    await until(async () => (await prometheus.query('b')).length === 0);
    expect(await prometheus.query('a')).toHaveLength(1);
  });

  test('all series of a target that fails end, and up stays', async () => {
    await using shop = await startTarget(page('a 1\n'));
    await using prometheus = await startTestServer({ 'prometheus.yml': job(shop.address) });
    await until(async () => (await prometheus.query('a')).length === 1);
    shop.handler = (_request, response) => response.writeHead(503).end();
    await until(async () => (await prometheus.query('a')).length === 0);
    expect((await prometheus.query('up'))[0]!.value).toBe('0');
  });

  test('all series of a target that the configuration drops end, up with them', async () => {
    await using shop = await startTarget(page('a 1\n'));
    await using prometheus = await startTestServer({ 'prometheus.yml': job(shop.address) });
    await until(async () => (await prometheus.query('a')).length === 1);
    prometheus.write('prometheus.yml', interval);
    expect((await prometheus.reload()).status).toBe(200);
    await until(async () => (await prometheus.query('{__name__=~"a|up"}')).length === 0);
  });

  test('a target whose labels change goes on under the new ones alone', async () => {
    await using shop = await startTarget(page('a 1\n'));
    await using prometheus = await startTestServer({ 'prometheus.yml': job(shop.address) });
    await until(async () => (await prometheus.query('a')).length === 1);
    prometheus.write(
      'prometheus.yml',
      job(shop.address, 'relabel_configs: [{target_label: env, replacement: x}]'),
    );
    await prometheus.reload();
    const [series] = await until(async () => {
      const found = await prometheus.query('a');
      return found.length === 1 && found[0]!.metric.env === 'x' && found;
    });
    expect(series!.metric.env).toBe('x');
  });
});

test('file_sd: targets come, change and go with the file', async () => {
  await using shop = await startTarget(page('a 1\n'));
  await using prometheus = await startTestServer({
    'prometheus.yml': `${interval}scrape_configs: [{job_name: f, file_sd_configs: [{files: ['targets/*.yml']}]}]\n`,
    'targets/one.yml': `[{targets: ['${shop.address}'], labels: {env: test}}]`,
  });
  await until(async () => (await prometheus.query('a{env="test"}')).length === 1);
  prometheus.write('targets/two.yml', JSON.stringify([{ targets: ['127.0.0.1:1'] }]));
  await until(async () => (await prometheus.get('targets')).body.data.activeTargets.length === 2);
  prometheus.write('targets/one.yml', '[{broken');
  await until(async () => (await prometheus.query('up{env="test"}')).length === 1);
});

test('a series keeps its own text, not the page that it came from', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const kept: [string, string][][] = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let scrape = 0; scrape < 100; scrape++) {
    const text = Buffer.from(
      `a_metric_name{a_label_name="a long enough label value ${scrape}"} 1\n${'#'.repeat(1_000_000)}`,
    );
    const series = text.toString().slice(0, text.indexOf('}') + 1);
    kept.push(parseSeries(detached(series)));
  }
  collect();
  expect(kept).toHaveLength(100);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10e6);
});

test('an exemplar keeps its own labels, not the page that they came from', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const kept: unknown[] = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let scrape = 0; scrape < 100; scrape++) {
    const page = `# HELP a ${'x'.repeat(1_000_000)}\n# TYPE a counter\na_total 1 # {trace_id="0123456789abcdef${1000 + scrape}"} 1\n# EOF\n`;
    const { samples, failure } = parseOpenMetrics(Buffer.from(page).toString());
    expect(failure).toBeUndefined();
    kept.push(samples[0]?.exemplar?.labels);
  }
  collect();
  expect(kept).toHaveLength(100);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10e6);
});
