import Docker from 'dockerode';
import { RuntimeUnavailable } from '../../errors.ts';

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
  timeoutMs = 2000,
): Promise<Engine> {
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
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(new RuntimeUnavailable('docker', `the engine did not answer within ${timeoutMs} ms`, remedy)),
      timeoutMs,
    );
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
    clearTimeout(timer);
  }
}

/** The machine behind a tcp or ssh `DOCKER_HOST`; undefined for this one. */
export function remoteHost(dockerHost: string | undefined): string | undefined {
  if (dockerHost === undefined || !/^(tcp|ssh|https?):\/\//.test(dockerHost)) return undefined;
  const { hostname } = new URL(dockerHost);
  return ['localhost', '127.0.0.1', '[::1]', ''].includes(hostname) ? undefined : hostname;
}
