import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { patientSignal } from '../process/patience.ts';

/** What is not there says so at once; who takes longer than this, more on a busy machine, does not answer. */
const timeoutMs = 2000;
const slowFromMs = 1000;

/** Asks once whether an HTTP endpoint answers with success. */
export function probeHttp(url: string): Promise<boolean> {
  const time = patientSignal(timeoutMs);
  return new Promise<boolean>((resolve) => {
    const call = request(url, { agent: false, signal: time.signal }, (response) => {
      response.resume();
      // The answer is known; a body that never ends must not keep this program alive.
      setTimeout(() => call.destroy(), timeoutMs).unref();
      const { statusCode = 0 } = response;
      resolve(statusCode >= 200 && statusCode < 400);
      response.once('end', () => call.destroy());
    });
    call.once('error', () => resolve(false));
    call.end();
  }).finally(time.done);
}

/**
 * Asks once whether PostgreSQL accepts connections, as pg_isready does: a startup message is answered with an
 * authentication request (`R`), or with an error while the server still recovers (protocol 3.0, "Start-up").
 */
export function probePostgres(host: string, port: number): Promise<boolean> {
  const time = patientSignal(timeoutMs);
  return new Promise<boolean>((resolve) => {
    const socket = connect({ host, port });
    const finish = (ready: boolean): void => {
      resolve(ready);
      socket.destroy();
    };
    time.signal.addEventListener('abort', () => finish(false), { once: true });
    socket.once('error', () => finish(false));
    socket.once('close', () => resolve(false));
    socket.once('data', (data) => finish(data[0] === 0x52));
    socket.once('connect', () => socket.write(startupMessage));
  }).finally(time.done);
}

/** Asks a probe, and says in words how long the answer took where that is long. */
export async function timed(
  probe: () => Promise<boolean>,
): Promise<{ ready: boolean; slow?: string | undefined }> {
  const askedAt = performance.now();
  const ready = await probe();
  const tookMs = performance.now() - askedAt;
  return ready && tookMs >= slowFromMs
    ? { ready, slow: `slow: ${(tookMs / 1000).toFixed(1)} s to answer` }
    : { ready };
}

/** Details in one, or undefined where there are none. */
export function joined(...details: readonly (string | undefined)[]): string | undefined {
  const known = details.filter((one) => one !== undefined);
  return known.length === 0 ? undefined : known.join('; ');
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
  readonly deadline: { isOver(): boolean };
  readonly signal?: AbortSignal | undefined;
  readonly sleep?: (ms: number) => Promise<unknown>;
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
  deadline,
  signal,
  sleep = wait,
}: ReadinessWait): Promise<boolean> {
  for (let good = 0; ; ) {
    signal?.throwIfAborted();
    good = (await probe()) ? good + 1 : 0;
    if (good >= goodProbes) return true;
    if (deadline.isOver()) return false;
    await sleep(pollMs);
  }
}
