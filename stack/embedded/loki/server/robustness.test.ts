import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import snappy from 'snappyjs';
import { describe, expect, it } from 'vitest';
import { encodeLogs } from './test-otlp.ts';
import { startTestServer } from './test-server.ts';

const generous =
  'ingestion_rate_mb: 1000, ingestion_burst_size_mb: 1000, per_stream_rate_limit: 1000MB, per_stream_rate_limit_burst: 1000MB';

/** A PushRequest of one stream with one entry, as protobuf. */
function pushRequest(labels: string, line: Buffer, seconds: number): Buffer {
  const field = (tag: number, bytes: Buffer) =>
    Buffer.concat([Buffer.from([tag]), varint(bytes.length), bytes]);
  const time = Buffer.concat([Buffer.from([8]), varint(seconds)]);
  const entry = Buffer.concat([field(10, time), field(18, line)]);
  return field(10, Buffer.concat([field(10, Buffer.from(labels)), field(18, entry)]));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from([...bytes, rest]);
}

const protobuf = { 'Content-Type': 'application/x-protobuf' };
const now = Date.parse('2026-01-01T00:10:00Z') / 1000;

describe('hostile pushes', () => {
  it('takes snappy protobuf as promtail sends it, and refuses every truncation of it', async () => {
    await using loki = await startTestServer();
    const whole = pushRequest('{app="p"}', Buffer.from('hello'), now);
    expect(await loki.push(Buffer.from(snappy.compress(whole)), protobuf)).toEqual({ status: 204, text: '' });
    for (let length = 3; length < whole.length; length++) {
      const { status } = await loki.push(Buffer.from(snappy.compress(whole.subarray(0, length))), protobuf);
      expect(status).toBe(400);
    }
    const { status, text } = await loki.push(Buffer.from('not snappy'), protobuf);
    expect([status, text]).toEqual([400, 'snappy: corrupt input\n']);
    // Claims four gigabytes in five bytes.
    expect(await loki.push(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]), protobuf)).toMatchObject({
      status: 413,
    });
    expect(await loki.lines('{app="p"}')).toEqual(['hello']);
  });

  it('keeps a line of invalid UTF-8 and shows it with replacement characters', async () => {
    await using loki = await startTestServer();
    const bytes = Buffer.from([0x61, 0xff, 0xfe, 0x62, 0xc3]);
    const answer = await loki.push(
      Buffer.from(snappy.compress(pushRequest('{app="p"}', bytes, now))),
      protobuf,
    );
    expect(answer.status).toBe(204);
    expect(await loki.lines('{app="p"} |= "a"')).toEqual(['a\ufffd\ufffdb\ufffd']);
  });

  it('takes gzip, and refuses a body that is too large: declared, streamed, or only after inflating', async () => {
    await using loki = await startTestServer();
    const body = { streams: [{ stream: { app: 'z' }, values: [[`${now}000000000`, 'zipped']] }] };
    expect((await loki.push(gzipSync(JSON.stringify(body)), { 'Content-Encoding': 'gzip' })).status).toBe(
      204,
    );
    const limit = 64 * 1024 * 1024;
    const declared = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const request = httpRequest(
        `${loki.server.url}/loki/api/v1/push`,
        { method: 'POST', headers: { 'Content-Type': 'application/json', 'Content-Length': 100_000_000 } },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => {
            text += chunk;
          });
          response.on('end', () => {
            resolve({ status: response.statusCode!, text });
            request.destroy();
          });
        },
      );
      request.on('error', reject);
      request.write('{');
    });
    expect(declared).toEqual({
      status: 413,
      text: `request body too large: 100000000 bytes, limit: ${limit} bytes`,
    });
    const bomb = gzipSync(Buffer.alloc(100_000_000));
    const inflated = await loki.push(bomb, { 'Content-Encoding': 'gzip' });
    expect(inflated.status).toBe(413);
    expect(await loki.lines('{app="z"}')).toEqual(['zipped']);
  });

  it('refuses a line of ten megabytes and stores its neighbours', async () => {
    await using loki = await startTestServer({ limits: generous });
    const answer = await loki.pushLines({ app: 'big' }, ['before', 'x'.repeat(10_000_000), 'after']);
    expect(answer).toEqual({
      status: 400,
      text:
        `Max entry size '262144' bytes exceeded for stream '{app="big", service_name="big"}' ` +
        `while adding an entry with length '10000000' bytes\n`,
    });
    expect(await loki.lines('{app="big"}')).toEqual(['before', 'after']);
  });

  it('refuses streams beyond the limit with 429 and keeps serving those it has', async () => {
    await using loki = await startTestServer({ limits: `${generous}, max_global_streams_per_user: 1000` });
    let refused = '';
    for (let from = 0; from < 1_000_000; from += 50_000) {
      const streams = Array.from({ length: 50_000 }, (_, index) => ({
        stream: { id: String(from + index) },
        values: [[`${now}000000000`, 'x']],
      }));
      const { status, text } = await loki.push({ streams });
      expect(status).toBe(429);
      refused = text;
    }
    expect(refused).toContain(
      'Maximum active stream limit exceeded when trying to create stream {id="999999"',
    );
    expect(await loki.value('sum(count_over_time({id=~".+"}[1m]))')).toEqual(['{} 1000']);
  }, 120_000);

  it('refuses times far ahead, far back, and lines too far behind their stream, in Loki’s words', async () => {
    await using loki = await startTestServer();
    const at = (seconds: number) =>
      loki.push({ streams: [{ stream: { app: 't' }, values: [[`${seconds}000000000`, 'x']] }] });
    expect((await at(now + 86_400)).text).toBe(
      `entry for stream '{app="t", service_name="t"}' has timestamp too new: 2026-01-02T00:10:00Z\n`,
    );
    expect((await at(now - 8 * 86_400)).text).toContain(
      'has timestamp too old: 2025-12-24T00:10:00Z, oldest acceptable',
    );
    expect((await at(9_000_000_000)).status).toBe(400);
    expect((await at(now)).status).toBe(204);
    expect((await at(now - 1800)).status).toBe(204);
    expect((await at(now - 7200)).text).toContain("reason: 'entry too far behind");
    expect(await loki.value('sum(count_over_time({app="t"}[1h]))')).toEqual(['{} 2']);
  });

  it('stores an entry once that is pushed twice, and sorts what comes out of order', async () => {
    await using loki = await startTestServer();
    const values = [10, 30, 20, 30, 10].map((second) => [`${now - 60 + second}000000000`, `at ${second}`]);
    await loki.push({ streams: [{ stream: { app: 'o' }, values }] });
    expect(await loki.lines('{app="o"}')).toEqual(['at 10', 'at 20', 'at 30']);
  });

  it('takes OTLP as protobuf, and refuses half of one in protobuf of its own', async () => {
    await using loki = await startTestServer();
    const body = encodeLogs({
      resourceLogs: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'orders' } }] },
          scopeLogs: [
            {
              logRecords: [
                { timeUnixNano: `${now}000000000`, severityNumber: 17, body: { stringValue: 'failed' } },
              ],
            },
          ],
        },
      ],
    });
    const post = (bytes: Buffer) =>
      fetch(`${loki.server.url}/otlp/v1/logs`, {
        method: 'POST',
        headers: protobuf,
        body: new Uint8Array(bytes),
      });
    expect((await post(body)).status).toBe(204);
    const refused = await post(body.subarray(0, body.length - 4));
    expect(refused.status).toBe(400);
    expect(refused.headers.get('content-type')).toBe('application/octet-stream');
    expect(await loki.labels('{service_name="orders"}')).toEqual([
      { detected_level: 'error', service_name: 'orders', severity_number: '17' },
    ]);
  });
});

describe('hostile queries', () => {
  it('answers expressions that make backtracking engines hang', async () => {
    await using loki = await startTestServer({ limits: generous });
    await loki.pushLines({ app: 'r' }, [`${'a'.repeat(50_000)}!`]);
    expect(await loki.lines('{app="r"} |~ "(a+)+$"')).toEqual([]);
    expect(await loki.lines('{app="r"} |~ "(a|aa)+b"')).toEqual([]);
    expect(await loki.lines(`{app=~"(${'a?'.repeat(30)}${'a'.repeat(30)}|x)+"}`)).toEqual([]);
  });

  it('refuses nesting that would exhaust the stack, and unknown escapes in paths', async () => {
    await using loki = await startTestServer();
    expect((await loki.get('/loki/api/v1/query', { query: '('.repeat(20_000) })).status).toBe(400);
    expect((await loki.get('/loki/api/v1/label/%zz/values')).status).toBe(400);
    await loki.pushLines({ app: 'deep' }, [`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`]);
    expect(await loki.labels('{app="deep"} | json')).toMatchObject([{ __error__: 'JSONParserErr' }]);
    const nested = `${'{"arrayValue":{"values":['.repeat(20_000)}{"intValue":1}${']}}'.repeat(20_000)}`;
    const push = await fetch(`${loki.server.url}/otlp/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"resourceLogs":[{"resource":{"attributes":[{"key":"a","value":${nested}}]},"scopeLogs":[]}]}`,
    });
    expect([push.status, await push.text()]).toEqual([400, expect.stringContaining('nested')]);
    expect((await loki.get('/ready')).text).toBe('ready\n');
  });

  it('limits the series of an answer', async () => {
    await using loki = await startTestServer({ limits: 'max_query_series: 3' });
    await loki.pushLines({ app: 's' }, ['n=1', 'n=2', 'n=3', 'n=4']);
    expect(await loki.value('sum by (n) (count_over_time({app="s"} | logfmt [1m]))')).toContain(
      'maximum number of series (3) reached for a single query',
    );
  });
});

describe('memory', () => {
  it('drops the oldest when it is full', async () => {
    await using loki = await startTestServer({ limits: generous, maxStoredBytes: 4 * 1024 * 1024 });
    for (let round = 0; round < 40; round++) {
      loki.clock.nowMs += 60_000;
      const noise = Array.from(
        { length: 1000 },
        (_, index) => `${round}-${index} ${randomBytes(200).toString('hex')}`,
      );
      expect((await loki.pushLines({ app: 'full' }, noise)).status).toBe(204);
    }
    const metrics = (await loki.get('/metrics')).text;
    const stored = Number(/^loki_embedded_memory_bytes (\d+)/m.exec(metrics)![1]);
    expect(stored).toBeLessThanOrEqual(4.5 * 1024 * 1024);
    expect(stored).toBeGreaterThan(1024 * 1024);
    expect(await loki.lines('{app="full"} |= "39-999 "')).toHaveLength(1);
    expect(await loki.value('sum(count_over_time({app="full"} |~ "^0-" [1h]))')).toEqual([]);
  });

  it('drops what is older than the retention', async () => {
    await using loki = await startTestServer({
      limits: 'retention_period: 1h',
      config: 'compactor: {retention_enabled: true}',
    });
    await loki.pushLines({ app: 'old' }, ['gone']);
    loki.clock.nowMs += 2 * 3_600_000;
    await loki.pushLines({ app: 'new' }, ['kept']);
    expect((await loki.get('/metrics')).text).toMatch(/^loki_ingester_memory_streams\{tenant="fake"\} 1$/m);
    expect(await loki.value('sum(count_over_time({app=~".+"}[1d]))')).toEqual(['{} 1']);
  });
});
