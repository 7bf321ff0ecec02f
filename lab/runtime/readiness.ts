import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const timeoutMs = 2000;

/** Asks once whether an HTTP endpoint answers with success. */
export function probeHttp(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(url, { agent: false, timeout: timeoutMs }, (response) => {
      response.resume();
      const { statusCode = 0 } = response;
      resolve(statusCode >= 200 && statusCode < 400);
      response.once('end', () => call.destroy());
    });
    call.once('timeout', () => call.destroy(new Error('timeout')));
    call.once('error', () => resolve(false));
    call.end();
  });
}

/**
 * Asks once whether PostgreSQL accepts connections, as pg_isready does: a startup message is answered with an
 * authentication request (`R`), or with an error while the server still recovers (protocol 3.0, "Start-up").
 */
export function probePostgres(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (ready: boolean): void => {
      resolve(ready);
      socket.destroy();
    };
    socket.setTimeout(timeoutMs, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => resolve(false));
    socket.once('data', (data) => finish(data[0] === 0x52));
    socket.once('connect', () => socket.write(startupMessage));
  });
}

const startupMessage = (() => {
  const parameters = Buffer.from('user\0notes\0database\0notes\0application_name\0lab\0\0');
  const message = Buffer.alloc(8 + parameters.length);
  message.writeInt32BE(message.length, 0);
  message.writeInt32BE(0x0003_0000, 4);
  parameters.copy(message, 8);
  return message;
})();

export interface ReadinessWait {
  /** Asks once; throws what must end the waiting. */
  probe(): Promise<boolean>;
  /** So many good answers in a row. */
  readonly goodProbes: number;
  readonly pollMs: number;
  readonly withinMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly sleep?: (ms: number) => Promise<unknown>;
  readonly now?: () => number;
}

/**
 * How many good probes in a row are trusted: one of what was launched as the lab came up; two after a disturbance, since
 * what was paused, cut off or started again may answer once before it finds its connections dead.
 */
export function probesWanted(isBoot: boolean | undefined): 1 | 2 {
  return isBoot === true ? 1 : 2;
}

/** Waits for good probes in a row; false when they have not come in time. */
export async function untilReady({
  probe,
  goodProbes,
  pollMs,
  withinMs,
  signal,
  sleep = wait,
  now = Date.now,
}: ReadinessWait): Promise<boolean> {
  const deadline = now() + withinMs;
  for (let good = 0; ; ) {
    signal?.throwIfAborted();
    good = (await probe()) ? good + 1 : 0;
    if (good >= goodProbes) return true;
    if (now() > deadline) return false;
    await sleep(pollMs);
  }
}
