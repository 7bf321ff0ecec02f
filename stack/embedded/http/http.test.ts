import { type IncomingHttpHeaders, request } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { NextFunction, Request, Response } from 'express';
import { describe, expect, test } from 'vitest';
import { createApp } from './app.ts';
import { BodyError, readBody } from './body.ts';
import { cors } from './cors.ts';
import { listen, parseListenAddress } from './listen.ts';

function echoApp() {
  const app = createApp();
  app.use(cors());
  app.post('/echo', readBody({ maxBytes: 1000, passThrough: ['snappy'] }), (request, response) => {
    response.send(request.body as Buffer);
  });
  app.use((error: Error, _request: Request, response: Response, _next: NextFunction) => {
    response.status(error instanceof BodyError ? error.status : 500).send(error.message);
  });
  return app;
}

describe('listen', () => {
  test('an address that is taken is named in one sentence', async () => {
    await using first = await listen(echoApp(), '127.0.0.1:0');
    await expect(listen(echoApp(), `127.0.0.1:${first.port}`)).rejects.toThrow(
      `address 127.0.0.1:${first.port} is already in use; stop what listens there or choose another port`,
    );
  });

  test.each(['9090', 'host:', 'host:99999', 'a:b:1'])('%s is no listen address', (address) => {
    expect(() => parseListenAddress(address)).toThrow('is not of the form host:port');
  });

  test('no host means loopback', () => {
    expect(parseListenAddress(':9090')).toEqual({ host: '127.0.0.1', port: 9090 });
    expect(parseListenAddress('[::1]:1')).toEqual({ host: '::1', port: 1 });
  });

  test('close ends requests that never finish', async () => {
    const app = createApp();
    app.get('/hang', () => {});
    const server = await listen(app, '127.0.0.1:0');
    const hanging = fetch(`${server.url}/hang`).then(
      () => 'answered',
      () => 'cut',
    );
    await new Promise((resolve) => server.server.once('request', resolve));
    await server.close(10);
    expect(await hanging).toBe('cut');
  });
});

/** `fetch` sets the Host itself. */
const ask = (url: string, method: string, headers: Record<string, string>) =>
  new Promise<{ status: number | undefined; headers: IncomingHttpHeaders; text: string }>(
    (resolve, reject) => {
      const sent = request(url, { method, headers }, async (response) => {
        let text = '';
        for await (const chunk of response) text += String(chunk);
        resolve({ status: response.statusCode, headers: response.headers, text });
      });
      sent.on('error', reject).end();
    },
  );

describe('whatever listens', () => {
  test('is reached by no page of another site, and the app is not asked', async () => {
    let asked = 0;
    const app = createApp();
    app.use((_request: Request, response: Response) => {
      asked += 1;
      response.send('done');
    });
    await using server = await listen(app, '127.0.0.1:0');
    const rebound = await ask(server.url, 'GET', { host: 'evil.example' });
    expect(rebound).toMatchObject({ status: 403, text: expect.stringContaining('Host "evil.example"') });
    const form = await ask(server.url, 'POST', {
      origin: 'https://evil.example',
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(form).toMatchObject({
      status: 403,
      text: expect.stringContaining('Origin "https://evil.example"'),
    });
    expect((await ask(server.url, 'POST', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect(asked).toBe(0);
    expect((await ask(server.url, 'POST', { origin: 'http://localhost:3000' })).status).toBe(200);
    expect(asked).toBe(1);
  });

  test('lets a page load nothing unless it says what', async () => {
    await using server = await listen(echoApp(), '127.0.0.1:0');
    const { headers } = await ask(`${server.url}/nothing`, 'GET', {});
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  });
});

describe('readBody', () => {
  const post = async (body: Buffer | string, headers: Record<string, string> = {}) => {
    await using server = await listen(echoApp(), '127.0.0.1:0');
    const response = await fetch(`${server.url}/echo`, {
      method: 'POST',
      body: typeof body === 'string' ? body : new Uint8Array(body),
      headers,
    });
    return { status: response.status, text: await response.text() };
  };

  test('plain and gzip bodies arrive the same', async () => {
    expect(await post('hello')).toEqual({ status: 200, text: 'hello' });
    expect(await post(gzipSync('hello'), { 'content-encoding': 'gzip' })).toEqual({
      status: 200,
      text: 'hello',
    });
  });

  test('a decompression bomb ends at the limit with 413', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    expect(bomb.length).toBeLessThan(100_000);
    expect((await post(bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
  });

  test('after a body that is too large the server goes on answering', async () => {
    await using server = await listen(echoApp(), '127.0.0.1:0');
    const send = (size: number) =>
      fetch(`${server.url}/echo`, { method: 'POST', body: 'x'.repeat(size) }).then(
        (response) => response.status,
        () => 'cut',
      );
    expect(await send(20_000_000)).toBe(413);
    expect(await Promise.all([send(10), send(20), send(30)])).toEqual([200, 200, 200]);
  });

  test('corrupt gzip is 400, an unknown encoding 415, one passed through is untouched', async () => {
    expect((await post('nope', { 'content-encoding': 'gzip' })).status).toBe(400);
    expect((await post('nope', { 'content-encoding': 'zstd' })).status).toBe(415);
    expect(await post('raw', { 'content-encoding': 'snappy' })).toEqual({ status: 200, text: 'raw' });
  });
});

test('cors answers OPTIONS with 204 and echoes the origin', async () => {
  await using server = await listen(echoApp(), '127.0.0.1:0');
  const response = await fetch(`${server.url}/echo`, {
    method: 'OPTIONS',
    headers: { origin: 'http://localhost:1' },
  });
  expect(response.status).toBe(204);
  expect(response.headers.get('access-control-allow-origin')).toBe('http://localhost:1');
  expect(response.headers.get('vary')).toBe('Origin');
});
