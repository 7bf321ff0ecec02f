import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

let prometheus: TestServer;
beforeAll(async () => {
  prometheus = await startTestServer({});
});
afterAll(() => prometheus[Symbol.asyncDispose]());

const get = (path: string, init?: RequestInit) =>
  fetch(prometheus.server.url + path, { redirect: 'manual', ...init });

test.each(['/query', '/alerts', '/rules', '/targets', '/config'])(
  '%s is a page that loads nothing from elsewhere, and whose script can be compiled',
  async (path) => {
    const page = await get(path);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; .*connect-src 'self'/);
    const html = await page.text();
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
    const [, script = ''] = /<script>([\s\S]*)<\/script>/.exec(html) ?? [];
    expect(script.length).toBeGreaterThan(100);
    expect(() => new Function(script)).not.toThrow();
  },
);

test('what the address asks for is not written into the page', async () => {
  const html = await (await get('/query?g0.expr=%3C%2Fscript%3E%3Cimg%20src%3Dx%3E')).text();
  expect(html).not.toContain('<img');
});

test.each([
  ['/', '/query'],
  ['/graph', '/query?'],
  ['/graph?g0.expr=up&g0.tab=0', '/query?g0.expr=up&g0.tab=0'],
])('%s leads to %s, as in Prometheus', async (path, target) => {
  const { status, headers } = await get(path);
  expect([status, headers.get('location')]).toEqual([302, target]);
});

test('a page only takes GET and HEAD', async () => {
  expect((await get('/query', { method: 'POST' })).status).toBe(405);
});
