import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { NextFunction, Request, RequestHandler, Response } from 'express';

/** A request body that cannot be taken: `status` is 413 (too large), 415 (unknown encoding) or 400 (corrupt). */
export class BodyError extends Error {
  readonly status: 400 | 413 | 415;

  constructor(status: 400 | 413 | 415, message: string) {
    super(message);
    this.name = 'BodyError';
    this.status = status;
  }
}

export interface BodyOptions {
  /** The limit on the body as it is after decompression. What exceeds it is never held in memory. */
  readonly maxBytes: number;
  /** Content encodings that are left to the handler, such as `snappy`. */
  readonly passThrough?: readonly string[];
}

/**
 * Reads the whole body into `request.body` as a Buffer, undoing gzip, deflate and br. It counts while it inflates,
 * so a decompression bomb ends at the limit. Errors go to the error handler as `BodyError`.
 */
export function readBody(options: BodyOptions): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    // RFC 9112, section 6.3: a request with neither header has no body. Most are such.
    if (
      request.headers['content-length'] === undefined &&
      request.headers['transfer-encoding'] === undefined
    ) {
      request.body = Buffer.alloc(0);
      next();
      return;
    }
    readAll(request, options).then(
      (body) => {
        request.body = body;
        next();
      },
      (error: unknown) => {
        // The rest is read and dropped, so that the client can read the answer; then the connection has served its turn.
        request.unpipe();
        request.resume();
        response.setHeader('Connection', 'close');
        next(error);
      },
    );
  };
}

async function readAll(request: Request, options: BodyOptions): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of decoded(request, options).iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length;
      if (size > options.maxBytes)
        throw new BodyError(413, `request body exceeds the limit of ${options.maxBytes} bytes`);
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    if (error instanceof BodyError) throw error;
    throw new BodyError(
      400,
      `request body cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return Buffer.concat(chunks, size);
}

function decoded(request: Request, options: BodyOptions): Readable {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '' || options.passThrough?.includes(encoding)) return request;
  const inflate =
    encoding === 'gzip' || encoding === 'x-gzip'
      ? createGunzip()
      : encoding === 'deflate'
        ? createInflate()
        : encoding === 'br'
          ? createBrotliDecompress()
          : undefined;
  if (inflate === undefined) throw new BodyError(415, `content encoding "${encoding}" is not supported`);
  request.on('error', (error) => inflate.destroy(error));
  return request.pipe(inflate);
}
