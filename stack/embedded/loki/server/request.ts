import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import { HttpError } from './http-error.ts';

/** A request as handlers see it: the parameters of its query string and, for a form, of its body. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly parameters: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** The body, decompressed; empty where none was read. */
  readonly body: Buffer;
}

/** Forms are queries: small. */
const maxFormBytes = 10 * 1024 * 1024;

/** Reads what a handler needs of a request. `maxBytes` bounds the body after decompression. */
export async function readRequest(message: IncomingMessage, url: URL, maxBytes: number): Promise<ApiRequest> {
  const method = message.method ?? 'GET';
  const parameters = new URLSearchParams(url.search);
  let body: Buffer = Buffer.alloc(0);
  if (method === 'POST' || method === 'PUT') {
    const form = (message.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
    body = await readBody(message, form ? Math.min(maxBytes, maxFormBytes) : maxBytes);
    if (form)
      for (const [name, value] of new URLSearchParams(body.toString())) parameters.append(name, value);
  }
  return { method, path: url.pathname, parameters, headers: message.headers, body };
}

/** Reads the body and undoes its compression; what exceeds the limit is refused before it is held. */
async function readBody(message: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = (bytes: number): HttpError =>
    new HttpError(413, `request body too large: ${bytes} bytes, limit: ${maxBytes} bytes`);
  const declared = Number(message.headers['content-length'] ?? 0);
  if (declared > maxBytes) {
    // The rest is read and dropped, so that the client can read the answer.
    message.resume();
    throw tooLarge(declared);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of decompressed(message) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(size);
      chunks.push(chunk);
    }
  } catch (error) {
    message.resume();
    if (error instanceof HttpError) throw error;
    throw new HttpError(400, error instanceof Error ? error.message : String(error));
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
}

function decompressed(message: IncomingMessage): Readable {
  const encoding = (message.headers['content-encoding'] ?? '').trim().toLowerCase();
  if (encoding === '' || encoding === 'snappy' || encoding === 'identity') return message;
  const inflate = encoding === 'gzip' ? createGunzip() : encoding === 'deflate' ? createInflate() : undefined;
  if (inflate === undefined) throw new HttpError(400, `Content-Encoding "${encoding}" not supported`);
  message.on('error', (error) => inflate.destroy(error));
  return message.pipe(inflate);
}
