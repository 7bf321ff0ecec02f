import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

export interface GetOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** After decompression; 0 means none. */
  readonly bodySizeLimitBytes: number;
  readonly followRedirects: boolean;
  readonly agent: http.Agent | https.Agent;
  readonly signal?: AbortSignal;
}

export interface GetResponse {
  readonly contentType: string;
  readonly body: string;
  readonly sizeBytes: number;
}

/** What is read without a limit of the user's own stays below this, so that no target can fill the memory. */
const hardLimitBytes = 256 * 1024 * 1024;

/** GETs a page within the time limit. Failures are worded as Go's HTTP client and Prometheus word them. */
export async function httpGet(url: string, options: GetOptions): Promise<GetResponse> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
  try {
    let current = url;
    for (let hops = 0; ; hops++) {
      const response = await request(current, options, signal);
      const status = response.statusCode ?? 0;
      const { location } = response.headers;
      if (options.followRedirects && location !== undefined && [301, 302, 303, 307, 308].includes(status)) {
        response.resume();
        if (hops >= 10) throw new Error(`Get ${JSON.stringify(location)}: stopped after 10 redirects`);
        current = new URL(location, current).href;
        continue;
      }
      if (status !== 200) {
        response.resume();
        throw new Error(`server returned HTTP status ${status} ${response.statusMessage ?? ''}`.trimEnd());
      }
      const body = await read(response, options);
      return {
        contentType: response.headers['content-type'] ?? '',
        body: body.toString('utf8'),
        sizeBytes: body.length,
      };
    }
  } catch (error) {
    if (timeout.aborted) throw new Error(`Get ${JSON.stringify(url)}: context deadline exceeded`);
    throw worded(url, error);
  }
}

function request(url: string, options: GetOptions, signal: AbortSignal): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const client = url.startsWith('https:') ? https : http;
    const outgoing = client.get(
      url,
      { headers: { ...options.headers }, agent: options.agent as http.Agent, signal },
      resolve,
    );
    outgoing.on('error', reject);
  });
}

async function read(response: http.IncomingMessage, options: GetOptions): Promise<Buffer> {
  const limit = options.bodySizeLimitBytes || hardLimitBytes;
  let stream: Readable = response;
  if (response.headers['content-encoding'] === 'gzip') {
    const gunzip = createGunzip();
    response.on('error', (error) => gunzip.destroy(error));
    stream = response.pipe(gunzip);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) {
      response.destroy();
      throw new Error('body size limit exceeded');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function worded(url: string, error: unknown): Error {
  const { code, address, port, hostname } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
    hostname?: string;
  };
  const get = `Get ${JSON.stringify(url)}: `;
  const where = address === undefined ? '' : `${address.includes(':') ? `[${address}]` : address}:${port}`;
  if (code === 'ECONNREFUSED') return new Error(`${get}dial tcp ${where}: connect: connection refused`);
  if (code === 'EHOSTUNREACH') return new Error(`${get}dial tcp ${where}: connect: no route to host`);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new Error(`${get}dial tcp: lookup ${hostname}: no such host`);
  if (code === 'ECONNRESET') return new Error(`${get}read: connection reset by peer`);
  if (code !== undefined) return new Error(`${get}${(error as Error).message}`);
  return error instanceof Error ? error : new Error(String(error));
}
