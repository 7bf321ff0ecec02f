import Docker from 'dockerode';
import { RuntimeUnavailable } from '../../errors.ts';
import { patientSignal } from '../../process/patience.ts';

/** The Docker engine that the environment names, after it answered. */
export interface Engine {
  readonly docker: Docker;
  /** The address that published ports are reached at: loopback, or the machine of a remote `DOCKER_HOST`. */
  readonly publishedHost: string;
  /** The interface that ports are published on: loopback, unless the engine stands on another machine. */
  readonly publishOn: string;
  readonly version: string;
}

interface EngineError extends Error {
  readonly statusCode?: number;
  readonly code?: string;
  readonly reason?: string;
}

/** The HTTP status of an answer of the engine, or undefined when it did not answer. */
export function statusOf(error: unknown): number | undefined {
  return (error as EngineError).statusCode;
}

/** An engine that is not there says so at once; one that was just started, or is busy, takes seconds. */
const answersWithinMs = 5_000;
const schemes = ['unix', 'npipe', 'tcp', 'ssh', 'http', 'https'];

const remedy =
  'Start Docker (or point DOCKER_HOST at an engine), or use the embedded runtime: --runtime embedded';

/** Runs a call, ignoring the given HTTP statuses: 304 already so, 404 already gone, 409 already under way. */
export async function tolerating<Result>(
  statuses: readonly number[],
  call: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await call();
  } catch (error) {
    const status = statusOf(error);
    if (status !== undefined && statuses.includes(status)) return undefined;
    throw asLabFailure(error);
  }
}

/** A failure of the connection as `LAB_RUNTIME_UNAVAILABLE`; anything else as it is. */
export function asLabFailure(error: unknown): unknown {
  const { code, statusCode } = error as EngineError;
  if (statusCode !== undefined || code === undefined) return error;
  const lost = [
    'ECONNREFUSED',
    'ENOENT',
    'EACCES',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'ENOTFOUND',
  ];
  if (!lost.includes(code)) return error;
  return new RuntimeUnavailable('docker', reasonFor(code), remedy, { cause: error });
}

/** Whether the engine, or the kernel below it, says that its disk is full. */
export function isDiskFull(reason: string): boolean {
  return /no space left on device|disk quota exceeded/i.test(reason);
}

function reasonFor(code: string): string {
  const host = process.env.DOCKER_HOST;
  const where = host === undefined || host === '' ? 'the Docker engine' : `the engine at DOCKER_HOST=${host}`;
  if (code === 'EACCES') return `${where} may not be used by this user (join the group "docker")`;
  return `${where} does not answer (${code})`;
}

/**
 * Connects to the engine of `DOCKER_HOST` (unix, npipe, tcp with TLS variables, ssh) or of the platform's default
 * socket, and waits at most `timeoutMs` for an answer. `LAB_RUNTIME_UNAVAILABLE` when there is none.
 */
export async function connectEngine(
  environment: Readonly<Record<string, string | undefined>>,
  timeoutMs = answersWithinMs,
): Promise<Engine> {
  assertScheme(environment.DOCKER_HOST);
  let docker: Docker;
  try {
    // docker-modem reads DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH itself; no API version in the path means
    // the engine's own, so an old engine and a new one are both understood.
    docker = new Docker();
  } catch (cause) {
    const reason = `DOCKER_HOST=${environment.DOCKER_HOST} is not an address (${(cause as Error).message})`;
    throw new RuntimeUnavailable(
      'docker',
      reason,
      'Name one such as unix:///var/run/docker.sock or tcp://host:2376',
      {
        cause,
      },
    );
  }
  const time = patientSignal(timeoutMs);
  const silence = new Promise<never>((_resolve, reject) => {
    const reason = `the engine did not answer within ${timeoutMs / 1000} s`;
    time.signal.addEventListener('abort', () => reject(new RuntimeUnavailable('docker', reason, remedy)), {
      once: true,
    });
  });
  try {
    const { Version: version } = await Promise.race([docker.version(), silence]);
    const remote = remoteHost(environment.DOCKER_HOST);
    return {
      docker,
      version,
      publishedHost: remote ?? '127.0.0.1',
      publishOn: remote === undefined ? '127.0.0.1' : '0.0.0.0',
    };
  } catch (error) {
    throw asLabFailure(error);
  } finally {
    time.done();
  }
}

/** `LAB_RUNTIME_UNAVAILABLE` for a scheme that no engine speaks, which would be looked up as a host name. */
function assertScheme(dockerHost: string | undefined): void {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(dockerHost ?? '')?.[1];
  if (scheme === undefined || schemes.includes(scheme.toLowerCase())) return;
  const reason = `DOCKER_HOST=${dockerHost} has the unknown scheme "${scheme}"`;
  throw new RuntimeUnavailable(
    'docker',
    reason,
    `Use one of ${schemes.join(', ')}: unix:///var/run/docker.sock, tcp://host:2376`,
  );
}

/** The machine behind a tcp or ssh `DOCKER_HOST`; undefined for this one. */
export function remoteHost(dockerHost: string | undefined): string | undefined {
  if (dockerHost === undefined || !/^(tcp|ssh|https?):\/\//.test(dockerHost)) return undefined;
  const { hostname } = new URL(dockerHost);
  return ['localhost', '127.0.0.1', '[::1]', ''].includes(hostname) ? undefined : hostname;
}
