/** Why a backend could not be read: unreachable, too slow, refused the request, or answered in another shape. */
export type ObserveFailure = 'unreachable' | 'timeout' | 'refused' | 'shape';

/** A backend could not be read. To a check this is "could not be measured", never "measured, and wrong". */
export class ObserveError extends Error {
  readonly failure: ObserveFailure;
  readonly status: number | undefined;

  constructor(failure: ObserveFailure, message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ObserveError';
    this.failure = failure;
    this.status = options.status;
  }
}
