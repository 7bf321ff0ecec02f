import { request as httpRequest, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { foreignRequest } from '../../../../services/contract/browser-requests.ts';
import type { DataSource } from '../provisioning/data-sources.ts';
import type { Authentication } from './authentication.ts';

const tailPath = /^\/api\/datasources\/proxy\/uid\/([^/]+)(\/loki\/api\/v1\/tail)$/;
const passedOn = ['sec-websocket-key', 'sec-websocket-version', 'sec-websocket-extensions'] as const;
const connectTimeoutMs = 10_000;

/** Lets pages follow a log through the proxy: upgrades to Loki's tail, and to nothing else, are passed on. */
export function attachTailProxy(
  server: Server,
  sources: readonly DataSource[],
  authentication: Authentication,
): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    // A WebSocket of another site's page is not held back by the browser: it is refused as a change would be.
    const foreign = foreignRequest('POST', request.headers);
    if (foreign !== undefined) return refuse(socket, 403, foreign);
    if (!authentication.mayRead(request)) return refuse(socket, 401, 'Unauthorized');
    const url = new URL(request.url ?? '/', 'http://grafana.invalid');
    const [, uid = '', path = ''] = tailPath.exec(url.pathname) ?? [];
    const source = sources.find((one) => one.uid === decode(uid) && one.type === 'loki');
    if (source === undefined) return refuse(socket, 404, 'Not found');
    passOn(source, `${path}${url.search}`, request, socket, head);
  });
}

function passOn(
  source: DataSource,
  path: string,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const base = new URL(source.url.endsWith('/') ? source.url : `${source.url}/`);
  const target = new URL(`.${path}`, base);
  const headers: Record<string, string | string[]> = { connection: 'Upgrade', upgrade: 'websocket' };
  for (const name of passedOn) {
    const value = request.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
  const upstream = send(target, { headers, timeout: connectTimeoutMs });
  upstream.on('upgrade', (answer, far: Duplex, first: Buffer) => {
    const lines = [`HTTP/1.1 101 ${STATUS_CODES[101]}`];
    for (let at = 0; at < answer.rawHeaders.length; at += 2) {
      lines.push(`${answer.rawHeaders[at]}: ${answer.rawHeaders[at + 1]}`);
    }
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    socket.write(first);
    far.write(head);
    far.on('error', () => socket.destroy());
    far.on('close', () => socket.destroy());
    socket.on('close', () => far.destroy());
    socket.pipe(far).pipe(socket);
  });
  upstream.on('response', (answer) => {
    let text = '';
    answer.setEncoding('utf8');
    answer.on('data', (part: string) => {
      text = (text + part).slice(0, 10_000);
    });
    answer.on('end', () => refuse(socket, answer.statusCode ?? 502, text.trim()));
  });
  upstream.on('timeout', () => upstream.destroy(new Error(`no answer within ${connectTimeoutMs / 1000} s`)));
  upstream.on('error', (error) =>
    refuse(socket, 502, `cannot reach data source ${source.name}: ${error.message}`),
  );
  socket.on('close', () => upstream.destroy());
  upstream.end();
}

function refuse(socket: Duplex, status: number, message: string): void {
  const body = JSON.stringify({ message });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
