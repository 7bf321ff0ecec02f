import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

let prometheus: TestServer;
beforeAll(async () => {
  prometheus = await startTestServer({}, ['--web.external-url=http://lab.example/prom/']);
});
afterAll(() => prometheus[Symbol.asyncDispose]());

async function ask(path: string): Promise<[status: number, location: string | null, text: string]> {
  const response = await fetch(prometheus.server.url + path, { redirect: 'manual' });
  return [response.status, response.headers.get('location'), await response.text()];
}

// As Prometheus 3.5.3 answers with the same flag.
test.each([
  ['/prom/-/ready', 200, null, 'Prometheus Server is Ready.\n'],
  ['/-/ready', 404, null, '404 page not found\n'],
  ['/api/v1/query?query=1', 404, null, '404 page not found\n'],
  ['/metrics', 404, null, '404 page not found\n'],
  ['/promise', 404, null, '404 page not found\n'],
  ['/', 302, '/prom', '<a href="/prom">Found</a>.\n\n'],
  ['/prom', 301, '/prom/', '<a href="/prom/">Moved Permanently</a>.\n\n'],
  ['/prom/', 302, '/prom/query', '<a href="/prom/query">Found</a>.\n\n'],
  [
    '/prom/graph?g0.expr=up',
    302,
    '/prom/query?g0.expr=up',
    '<a href="/prom/query?g0.expr=up">Found</a>.\n\n',
  ],
] as const)('below a path, %s is %i', async (path, status, location, text) => {
  expect(await ask(path)).toEqual([status, location, text]);
});

test('the API and the pages are there, and the pages lead to each other', async () => {
  expect((await ask('/prom/api/v1/query?query=1'))[0]).toBe(200);
  const [, , html] = await ask('/prom/query');
  const links = [...html.matchAll(/<a href="([^"]+)"/g)].map((match) => match[1]!);
  expect(links).toContain('/prom/alerts');
  for (const link of links) expect((await ask(link))[0]).toBe(200);
  expect(html).toContain('const prefix = "/prom";');
  const flags = JSON.parse((await ask('/prom/api/v1/status/flags'))[2]) as { data: object };
  expect(flags.data).toMatchObject({ 'web.route-prefix': '/prom' });
});

test('--web.route-prefix overrides the path of the external URL', async () => {
  await using behind = await startTestServer({}, [
    '--web.external-url=http://lab.example/prom/',
    '--web.route-prefix=/',
  ]);
  expect((await behind.get('status/flags')).body.data).toMatchObject({ 'web.route-prefix': '/' });
  const statusOf = async (path: string) => (await fetch(behind.server.url + path)).status;
  expect([await statusOf('/-/ready'), await statusOf('/prom/-/ready')]).toEqual([200, 404]);
});

test('an external URL that is none is refused in one line', async () => {
  await expect(startTestServer({}, ['--web.external-url=prom'])).rejects.toThrow(
    '--web.external-url=prom: not a URL; give for instance http://localhost:9090/prometheus',
  );
});
