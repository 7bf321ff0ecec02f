import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { parseFlags } from '../flags.ts';
import type { ThreadProgram } from '../query/query-threads.ts';
import { type PrometheusServer, startPrometheus } from '../server.ts';

/** A server under test in this process, with a folder of its own. */
export interface TestServer extends AsyncDisposable {
  readonly server: PrometheusServer;
  readonly directory: string;
  write(name: string, text: string): void;
  reload(): Promise<{ status: number; text: string }>;
  /** The JSON API; `path` starts after `/api/v1/`. */
  get(path: string, parameters?: Record<string, string>): Promise<{ status: number; body: ApiBody }>;
  /** An instant query's result: values by the JSON of the metric without `__name__`. */
  query(text: string): Promise<{ metric: Record<string, string>; value: string }[]>;
}

export interface ApiBody {
  readonly status: string;
  readonly errorType?: string;
  readonly error?: string;
  readonly warnings?: string[];
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly data: any;
}

let built: string | undefined;

/** What the threads of heavy queries run: bundled when it is first needed, because Node 20 reads no TypeScript. */
export const threadProgram: ThreadProgram = {
  get file() {
    if (built === undefined) {
      const directory = mkdtempSync(join(tmpdir(), 'embedded-prometheus-thread-'));
      process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
      built = join(directory, 'main.cjs');
      buildSync({
        entryPoints: [join(import.meta.dirname, '../main.ts')],
        outfile: built,
        bundle: true,
        platform: 'node',
        target: 'node20',
        external: ['bufferutil', 'utf-8-validate'],
      });
    }
    return built;
  },
};

/** Starts the server on a free port. `files` are written first; `prometheus.yml` is the configuration. */
export async function startTestServer(
  files: Record<string, string>,
  flags: readonly string[] = [],
): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), 'embedded-prometheus-'));
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  };
  for (const [name, text] of Object.entries({ 'prometheus.yml': '', ...files })) write(name, text);
  const server = await startPrometheus(
    parseFlags([
      `--config.file=${join(directory, 'prometheus.yml')}`,
      '--web.listen-address=127.0.0.1:0',
      '--web.enable-lifecycle',
      ...flags,
    ]),
    threadProgram,
  );
  const get: TestServer['get'] = async (path, parameters = {}) => {
    const response = await fetch(`${server.url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    return { status: response.status, body: (await response.json()) as ApiBody };
  };
  return {
    server,
    directory,
    write,
    get,
    async reload() {
      const response = await fetch(`${server.url}/-/reload`, { method: 'POST' });
      return { status: response.status, text: await response.text() };
    },
    async query(text) {
      const { body } = await get('query', { query: text });
      if (body.status !== 'success') throw new Error(body.error);
      return (body.data.result as { metric: Record<string, string>; value: [number, string] }[]).map(
        ({ metric, value }) => ({
          metric,
          value: value[1],
        }),
      );
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export interface TestTarget extends AsyncDisposable {
  readonly address: string;
  readonly requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];
  handler: (request: IncomingMessage, response: ServerResponse) => void;
}

/** Something to scrape or to send to; the handler may be exchanged. */
export async function startTarget(handler: TestTarget['handler']): Promise<TestTarget> {
  const requests: TestTarget['requests'] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({
        method: request.method!,
        url: request.url!,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      });
      target.handler(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const target: TestTarget = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    handler,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return target;
}

/** A page of the text format. */
export function page(text: string, contentType = 'text/plain; version=0.0.4'): TestTarget['handler'] {
  return (_request, response) => {
    response.setHeader('Content-Type', contentType);
    response.end(text);
  };
}

/** Waits until the condition holds; the test's own time limit ends it. */
export async function until<T>(
  ask: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  while (true) {
    const value = await ask();
    if (value !== undefined && value !== false) return value;
    await sleep(25);
  }
}
