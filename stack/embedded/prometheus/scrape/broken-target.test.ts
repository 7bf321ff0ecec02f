import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { httpGet } from './http-get.ts';

const head = (...lines: string[]): string =>
  ['HTTP/1.1 200 OK', 'Content-Type: text/plain', ...lines, '', ''].join('\r\n');
const zipped = gzipSync('a 1\n'.repeat(2000));
const gzip = (...parts: Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.from(head('Content-Encoding: gzip', 'Connection: close')), ...parts]);
const changed = (at: number): Buffer => {
  const copy = Buffer.from(zipped);
  copy[at] = copy[at]! ^ 0xff;
  return copy;
};

function testAgents() {
  const agents = { http: new http.Agent({ keepAlive: true }), https: new https.Agent() };
  onTestFinished(() => agents.http.destroy());
  return agents;
}

/** The error of a scrape when the target writes these bytes and ends the connection. */
async function errorOf(answer: string | Buffer | ((socket: Socket) => void)): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => (typeof answer === 'function' ? answer(socket) : socket.end(answer)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  try {
    await httpGet(`http://127.0.0.1:${port}/m`, {
      headers: {},
      timeoutMs: 500,
      bodySizeLimitBytes: 0,
      followRedirects: true,
      agents: testAgents(),
    });
  } catch (error) {
    return (error as Error).message.replaceAll(String(port), 'PORT').replaceAll(/:\d+->/g, ':OWN->');
  }
  return 'none';
}

const get = 'Get "http://127.0.0.1:PORT/m": ';
const broken = `${get}net/http: HTTP/1.x transport connection broken: `;
const reset = 'read tcp 127.0.0.1:OWN->127.0.0.1:PORT: read: connection reset by peer';

test.each<[string, string | Buffer | ((socket: Socket) => void), string]>([
  ['ends without an answer', '', `${get}EOF`],
  ['resets the connection', (socket) => socket.resetAndDestroy(), get + reset],
  ['ends within a body of known length', `${head('Content-Length: 100')}a 1\n`, 'unexpected EOF'],
  ['ends within a chunk', `${head('Transfer-Encoding: chunked')}40\r\na 1\n`, 'unexpected EOF'],
  ['ends between chunks', `${head('Transfer-Encoding: chunked')}4\r\na 1\n\r\n`, 'unexpected EOF'],
  [
    'resets within the body',
    (socket) => {
      socket.write(`${head('Content-Length: 100')}a 1\n`);
      setTimeout(() => socket.resetAndDestroy(), 100);
    },
    reset,
  ],
  [
    'never ends the body',
    (socket) => socket.write(`${head('Content-Length: 9')}a`),
    'context deadline exceeded',
  ],
  ['never answers', () => {}, `${get}context deadline exceeded`],
  [
    'speaks another protocol',
    'SSH-2.0-OpenSSH_9.2\r\n',
    `${broken}malformed HTTP response "SSH-2.0-OpenSSH_9.2"`,
  ],
  ['has a status that is no number', 'HTTP/1.1 abc OK\r\n\r\n', `${broken}malformed HTTP status code "abc"`],
  [
    'has a header without a colon',
    'HTTP/1.1 200 OK\r\nbad header\r\n\r\n',
    `${broken}malformed MIME header: missing colon: "bad header"`,
  ],
  ['has a length that is none', head('Content-Length: x'), `${broken}bad Content-Length "x"`],
  [
    'switches the protocol',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    'server returned HTTP status 101 Switching Protocols',
  ],
  ['sends nothing as gzip', gzip(), 'EOF'],
  ['sends a short text as gzip', gzip(Buffer.from('a 1\n')), 'unexpected EOF'],
  ['sends a text as gzip', gzip(Buffer.from('a 1\n'.repeat(9))), 'gzip: invalid header'],
  ['cuts the gzip stream', gzip(zipped.subarray(0, -12)), 'unexpected EOF'],
  ['cuts the end of the gzip stream', gzip(zipped.subarray(0, -4)), 'unexpected EOF'],
  ['sends a corrupt gzip stream', gzip(changed(10)), 'flate: corrupt input'],
  ['sends a wrong checksum', gzip(changed(zipped.length - 6)), 'gzip: invalid checksum'],
  ['sends a wrong length', gzip(changed(zipped.length - 2)), 'gzip: invalid checksum'],
  ['follows gzip with something else', gzip(zipped, Buffer.from('x'.repeat(20))), 'gzip: invalid header'],
  [
    'redirects for ever',
    'HTTP/1.1 302 Found\r\nLocation: /m\r\nContent-Length: 0\r\n\r\n',
    'Get "/m": stopped after 10 redirects',
  ],
  [
    'redirects to another protocol',
    'HTTP/1.1 302 Found\r\nLocation: ftp://x/y\r\nContent-Length: 0\r\n\r\n',
    'Get "ftp://x/y": unsupported protocol scheme "ftp"',
  ],
])('a target that %s fails in the words of the real client', async (_title, answer, message) => {
  expect(await errorOf(answer)).toBe(message);
});

test.each([
  ['http://127.0.0.1:99999/m', 'Get "http://127.0.0.1:99999/m": dial tcp: address 99999: invalid port'],
  ['http://127.0.0.1:x/m', 'parse "http://127.0.0.1:x/m": invalid port ":x" after host'],
  ['gopher://127.0.0.1:1/m', 'Get "gopher://127.0.0.1:1/m": unsupported protocol scheme "gopher"'],
  ['http://127.0.0.1:1/m', 'Get "http://127.0.0.1:1/m": dial tcp 127.0.0.1:1: connect: connection refused'],
])('%s', async (url, message) => {
  const options = { headers: {}, timeoutMs: 500, bodySizeLimitBytes: 0, followRedirects: true };
  await expect(httpGet(url, { ...options, agents: testAgents() })).rejects.toThrow(message);
});

test('an idle connection that the target had closed costs no scrape', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(`${head('Content-Length: 4')}a 1\n`);
      // What comes next on this connection is not answered any more.
      socket.once('data', () => socket.destroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const agents = testAgents();
  const options = { headers: {}, timeoutMs: 2000, bodySizeLimitBytes: 0, followRedirects: true, agents };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/m`;
  for (let scrape = 0; scrape < 3; scrape++) expect(String((await httpGet(url, options)).body)).toBe('a 1\n');
});
