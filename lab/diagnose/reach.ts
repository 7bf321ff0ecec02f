import { request } from 'node:http';
import { connect } from 'node:net';

/** What came of one attempt to reach a port. Milliseconds from the first packet. */
export type Reach =
  | { readonly outcome: 'answered'; readonly milliseconds: number; readonly status: number }
  /** Nobody listens there. */
  | { readonly outcome: 'refused' }
  /** No connection within the time. */
  | { readonly outcome: 'no-connection'; readonly withinMs: number }
  /** A connection, and no answer within the time: hung, or paused. */
  | { readonly outcome: 'no-answer'; readonly withinMs: number; readonly connectMilliseconds: number }
  | { readonly outcome: 'failed'; readonly reason: string };

const defaultWithinMs = 2_000;

/** One GET over a connection of its own. Any status is an answer. */
export function reachHttp(url: string, withinMs = defaultWithinMs): Promise<Reach> {
  return new Promise((resolve) => {
    const began = performance.now();
    let connectedAt: number | undefined;
    const call = request(url, { agent: false }, (response) => {
      const { statusCode: status = 0 } = response;
      response.resume();
      finish({ outcome: 'answered', milliseconds: performance.now() - began, status });
    });
    const timer = setTimeout(() => finish(tooLate(connectedAt, began, withinMs)), withinMs);
    const finish = (reach: Reach): void => {
      clearTimeout(timer);
      resolve(reach);
      call.destroy();
    };
    call.once('socket', (socket) =>
      socket.once('connect', () => {
        connectedAt = performance.now();
      }),
    );
    call.on('error', (error) => finish(failure(error)));
    call.end();
  });
}

/** Asks PostgreSQL whether it speaks TLS, which it answers with one byte before anybody logs in (protocol 3.0, SSLRequest). */
export function reachPostgres(host: string, port: number, withinMs = defaultWithinMs): Promise<Reach> {
  return new Promise((resolve) => {
    const began = performance.now();
    let connectedAt: number | undefined;
    const socket = connect({ host, port });
    const timer = setTimeout(() => finish(tooLate(connectedAt, began, withinMs)), withinMs);
    const finish = (reach: Reach): void => {
      clearTimeout(timer);
      resolve(reach);
      socket.destroy();
    };
    socket.once('connect', () => {
      connectedAt = performance.now();
      socket.write(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]));
    });
    socket.once('data', () =>
      finish({ outcome: 'answered', milliseconds: performance.now() - began, status: 0 }),
    );
    socket.on('error', (error) => finish(failure(error)));
    socket.once('close', () =>
      finish({ outcome: 'failed', reason: 'the connection was closed without an answer' }),
    );
  });
}

function tooLate(connectedAt: number | undefined, began: number, withinMs: number): Reach {
  return connectedAt === undefined
    ? { outcome: 'no-connection', withinMs }
    : { outcome: 'no-answer', withinMs, connectMilliseconds: connectedAt - began };
}

function failure(error: Error & { code?: string }): Reach {
  return error.code === 'ECONNREFUSED'
    ? { outcome: 'refused' }
    : { outcome: 'failed', reason: error.code ?? error.message };
}
