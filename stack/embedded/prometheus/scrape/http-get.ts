import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { goQuote } from '../promql/parser/go-quote.ts';
import { decodeBody } from './exposition/exposition.ts';
import { maxHeaderBytes, wordsOfBody, wordsOfRequest, wordsOfUrl } from './http-words.ts';

export interface GetOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** After decompression; 0 means none. */
  readonly bodySizeLimitBytes: number;
  readonly followRedirects: boolean;
  readonly agents: Agents;
  readonly signal?: AbortSignal;
}

/** Connections by scheme: relabelling may give every target its own. */
export interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

export interface GetResponse {
  readonly contentType: string;
  readonly body: Buffer;
}

/** What is read without a limit of the user's own stays below this, so that no target can fill the memory. */
const hardLimitBytes = 256 * 1024 * 1024;

/** GETs a page within the time limit. Failures are worded as Go's HTTP client and Prometheus word them. */
export async function httpGet(url: string, options: GetOptions): Promise<GetResponse> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
  let current = url;
  let shown = url;
  for (let hops = 0; ; hops++) {
    const get = `Get ${goQuote(shown)}: `;
    let answer: Answer;
    if (!URL.canParse(current)) throw new Error(wordsOfUrl(current));
    try {
      answer = await request(current, options, signal);
    } catch (error) {
      throw new Error(get + (timeout.aborted ? 'context deadline exceeded' : (error as Error).message));
    }
    const { response, connection } = answer;
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (options.followRedirects && location !== undefined && [301, 302, 303, 307, 308].includes(status)) {
      response.resume();
      if (hops >= 9) throw new Error(`Get ${goQuote(location)}: stopped after 10 redirects`);
      if (!URL.canParse(location, current))
        throw new Error(`${get}failed to parse Location header ${goQuote(location)}`);
      current = new URL(location, current).href;
      shown = current;
      continue;
    }
    if (status !== 200) {
      response.resume();
      throw new Error(`server returned HTTP status ${status} ${response.statusMessage ?? ''}`.trimEnd());
    }
    const { socket } = response;
    const progress = { sizeBytes: 0 };
    try {
      const body = await read(response, options, progress);
      // Node reads headers as Latin-1, Go as the bytes they are.
      const contentType = decodeBody(Buffer.from(response.headers['content-type'] ?? '', 'latin1'));
      return { contentType, body };
    } catch (error) {
      const words = wordsOfBody(error, { connection, reset: socket.errored !== null, ...progress });
      throw new Error(timeout.aborted ? 'context deadline exceeded' : words);
    }
  }
}

interface Answer {
  readonly response: http.IncomingMessage;
  /** Both ends of the connection, for messages. */
  readonly connection: string;
}

function request(url: string, options: GetOptions, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const [scheme = ''] = url.split(':', 1);
    if (scheme !== 'http' && scheme !== 'https')
      throw new Error(`unsupported protocol scheme ${goQuote(scheme)}`);
    const client = scheme === 'https' ? https : http;
    const outgoing = client.get(
      url,
      {
        headers: { ...options.headers },
        agent: options.agents[scheme],
        signal,
        maxHeaderSize: maxHeaderBytes,
      },
      (response) => resolve({ response, connection }),
    );
    let connection = '';
    outgoing.on('socket', (socket) => {
      const note = (): void => {
        connection = `${socket.localAddress}:${socket.localPort}->${socket.remoteAddress}:${socket.remotePort}`;
      };
      if (socket.connecting) socket.once('connect', note);
      else note();
    });
    outgoing.on('upgrade', (response, upgraded) => {
      upgraded.destroy();
      resolve({ response, connection });
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      // The other side had closed an idle connection, which says nothing about the target: Go tries again as well.
      const isStale = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      if (isStale) resolve(request(url, options, signal));
      else reject(new Error(wordsOfRequest(error, connection)));
    });
  });
}

async function read(
  response: http.IncomingMessage,
  options: GetOptions,
  progress: { sizeBytes: number },
): Promise<Buffer> {
  const limit = options.bodySizeLimitBytes || hardLimitBytes;
  let stream: Readable = response;
  if (response.headers['content-encoding'] === 'gzip') {
    const gunzip = createGunzip();
    response.on('data', (chunk: Buffer) => {
      progress.sizeBytes += chunk.length;
    });
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
