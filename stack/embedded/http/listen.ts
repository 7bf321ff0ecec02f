import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { foreignRequest } from '../../../services/contract/browser-requests.ts';

/** A server that accepts connections; it is only ever had while it runs. */
export interface RunningServer {
  readonly host: string;
  /** The port it really listens on: the one asked for, or the one the system chose for 0. */
  readonly port: number;
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  /** For upgrades (websockets). */
  readonly server: Server;
  /** Stops accepting, lets requests in flight finish for `graceMs` (default 500), then cuts what is left. */
  close(graceMs?: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Splits `host:port`, `[::1]:port` or `:port`. The lab is loopback only, so no host means 127.0.0.1. */
export function parseListenAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new Error(`listen address "${address}" is not of the form host:port, for example 127.0.0.1:9090`);
  }
  return { host: match[1] || match[2] || '127.0.0.1', port };
}

/** What a page may load by default, nothing; a page that needs its own scripts or styles says so. */
const loadsNothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Before any app: browsers take no answer for another type, load nothing by themselves, and no other site gets in. */
const guarded =
  (app: RequestListener): RequestListener =>
  (request, response) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Content-Security-Policy', loadsNothing);
    const refusal = foreignRequest(request.method, request.headers);
    if (refusal === undefined) return app(request, response);
    response.writeHead(403, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
    response.end(`${refusal}\n`);
  };

/** Serves the app at `host:port`. Rejects with one clear sentence when the address is taken or not ours. */
export async function listen(app: RequestListener, address: string): Promise<RunningServer> {
  const { host, port } = parseListenAddress(address);
  const server = createServer({ keepAliveTimeout: 30_000, maxHeaderSize: 64 * 1024 }, guarded(app));
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new Error(describe(error, host, port), { cause: error }));
    });
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;

  let closing: Promise<void> | undefined;
  const close = (graceMs = 500): Promise<void> => {
    closing ??= new Promise<void>((resolve) => {
      const deadline = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      server.close(() => {
        clearTimeout(deadline);
        resolve();
      });
      server.closeIdleConnections();
    });
    return closing;
  };
  return {
    host,
    port: bound,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    server,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

function describe(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE')
    return `address ${host}:${port} is already in use; stop what listens there or choose another port`;
  if (error.code === 'EACCES')
    return `address ${host}:${port} may not be used by this user; choose a port above 1023`;
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return `address ${host} is not one of this machine`;
  return `cannot listen on ${host}:${port}: ${error.message}`;
}
