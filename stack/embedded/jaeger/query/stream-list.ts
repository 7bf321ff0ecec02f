import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';

/**
 * Sends a JSON document whose one long list is made item by item, at the pace at which the client reads. `head` and
 * `tail` are the text around the items.
 */
export function streamList(response: Response, head: string, items: Iterable<string>, tail: string): void {
  const parts = function* (): Generator<string> {
    yield head;
    let first = true;
    for (const item of items) {
      yield first ? item : `,${item}`;
      first = false;
    }
    yield tail;
  };
  response.setHeader('Content-Type', 'application/json');
  // A client that goes away ends the pipeline; the response is gone then, and nobody is left to tell.
  pipeline(Readable.from(parts()), response).catch(() => response.destroy());
}
