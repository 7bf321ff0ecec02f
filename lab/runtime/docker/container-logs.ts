import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';
import { tolerating } from './engine.ts';

/** Splits what the engine multiplexes (8-byte header: stream, three zeros, length; then the payload). */
export function demultiplex(buffer: Buffer): string {
  const parts: Buffer[] = [];
  let at = 0;
  while (at + 8 <= buffer.length) {
    const length = buffer.readUInt32BE(at + 4);
    parts.push(buffer.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The last lines of a container that has ended or hangs; empty when it never existed. */
export async function lastLines(container: Docker.Container, count: number): Promise<string[]> {
  const buffer = await tolerating([404], () =>
    container.logs({ stdout: true, stderr: true, tail: count, follow: false }),
  );
  if (buffer === undefined) return [];
  return demultiplex(Buffer.from(buffer as unknown as Uint8Array))
    .split('\n')
    .filter((line) => line.trim() !== '');
}

/** Lines as the container writes them, until it ends or the signal aborts. */
export async function* followLogs(
  docker: Docker,
  container: Docker.Container,
  options: { readonly tailLines: number; readonly signal?: AbortSignal },
): AsyncIterable<string> {
  const stream = await tolerating([404], () =>
    container.logs({ stdout: true, stderr: true, follow: true, tail: options.tailLines }),
  );
  if (stream === undefined) return;
  const text = new PassThrough();
  docker.modem.demuxStream(stream, text, text);
  const close = (): void => {
    (stream as unknown as { destroy(): void }).destroy();
    text.end();
  };
  stream.on('end', () => text.end());
  stream.on('error', () => text.end());
  options.signal?.addEventListener('abort', close, { once: true });
  try {
    yield* createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY });
  } finally {
    options.signal?.removeEventListener('abort', close);
    close();
  }
}
