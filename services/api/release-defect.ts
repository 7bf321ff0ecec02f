import type { RequestHandler } from 'express';
import { observedLocals } from '../telemetry/observe-requests.ts';
import { inSpan } from '../telemetry/tracing.ts';

/** A defect that a release brings with it: on one endpoint, a share of the requests meets it. */
export interface ReleaseDefect {
  readonly name: string;
  readonly endpoint: string;
  /** 0 to 1. */
  readonly rate: number;
}

/** `locale:/api/v1/notes:0.226`; undefined when the text is no defect. */
export function parseReleaseDefect(text: string): ReleaseDefect | undefined {
  const match = /^(\w+):(\/[\w/:-]+):(0?\.\d+|1|0)$/.exec(text);
  if (match === null) return undefined;
  const [, name = '', endpoint = '', rate = ''] = match;
  return { name, endpoint, rate: Number(rate) };
}

/**
 * Fails in the middle of the request, as a defect in code does: an exception in a span of its own. Every n-th request
 * that meets the code fails, so that the share is the same in every window.
 */
export function releaseDefect(defect: ReleaseDefect | undefined): RequestHandler {
  let due = 0;
  return async (_request, response, next) => {
    if (defect === undefined || observedLocals(response).endpoint !== defect.endpoint) return next();
    due += defect.rate;
    if (due < 1) return next();
    due -= 1;
    await inSpan('format notes', { 'code.function.name': 'formatNotes' }, async () => {
      throw new TypeError(`Cannot read properties of undefined (reading '${defect.name}')`);
    });
  };
}
