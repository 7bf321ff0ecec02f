import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Labels } from './labels/labels.ts';
import { startTestServer, type TestServer } from './testing/test-server.ts';

const run = promisify(execFile);

/** Whether `promtool` is on the PATH; where LAB_REQUIRE_NATIVE=1 says that it must be, its absence is a failure. */
function promtoolIsThere(): boolean {
  try {
    execFileSync('promtool', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env.LAB_REQUIRE_NATIVE === '1')
      throw new Error('promtool is not on the PATH and LAB_REQUIRE_NATIVE=1 wants it');
    process.stderr.write('skipped: promtool is not on the PATH\n');
    return false;
  }
}

describe.skipIf(!promtoolIsThere())('promtool against the embedded server', () => {
  let prometheus: TestServer;
  const start = 1_767_225_600;

  beforeAll(async () => {
    prometheus = await startTestServer({});
    const { head } = prometheus.server;
    for (const [id, factor] of [
      ['a', 1],
      ['b', 2],
    ] as const) {
      const series = head.series(Labels.from({ __name__: 'm_total', id }));
      for (let index = 0; index <= 40; index++)
        head.append(series, (start + index * 15) * 1000, index * 15 * factor);
    }
  });
  afterAll(() => prometheus[Symbol.asyncDispose]());

  const promtool = async (...parameters: string[]) =>
    (await run('promtool', ['query', ...parameters])).stdout.trim().split('\n');

  test('query instant', async () => {
    expect(
      await promtool('instant', `--time=${start + 600}`, prometheus.server.url, 'sum by (id) (m_total)'),
    ).toEqual([`{id="a"} => 600 @[${start + 600}]`, `{id="b"} => 1200 @[${start + 600}]`]);
  });

  test('query range', async () => {
    const output = await promtool(
      'range',
      `--start=${start}`,
      `--end=${start + 30}`,
      '--step=15s',
      prometheus.server.url,
      'm_total{id="b"}',
    );
    expect(output).toEqual([
      'm_total{id="b"} =>',
      `0 @[${start}]`,
      `30 @[${start + 15}]`,
      `60 @[${start + 30}]`,
    ]);
  });

  test('query series', async () => {
    const output = await promtool(
      'series',
      `--start=${start}`,
      `--end=${start + 600}`,
      '--match=m_total',
      prometheus.server.url,
    );
    expect(output.sort()).toEqual(['{__name__="m_total", id="a"}', '{__name__="m_total", id="b"}']);
  });

  test('query labels', async () => {
    expect(await promtool('labels', prometheus.server.url, 'id')).toEqual(['a', 'b']);
  });

  test('an error is shown as the server said it', async () => {
    await expect(promtool('instant', prometheus.server.url, 'sum(')).rejects.toMatchObject({
      stderr: expect.stringContaining('unclosed left parenthesis'),
    });
  });
});
