import {
  PromqlCanceledError,
  PromqlExecutionError,
  PromqlInvalidQueryError,
  PromqlParseError,
  PromqlTimeoutError,
} from '../promql/errors.ts';

export type ErrorType =
  | 'bad_data'
  | 'execution'
  | 'timeout'
  | 'canceled'
  | 'internal'
  | 'unavailable'
  | 'not_found';

const statuses: Readonly<Record<ErrorType, number>> = {
  bad_data: 400,
  execution: 422,
  timeout: 503,
  canceled: 499,
  internal: 500,
  unavailable: 503,
  not_found: 404,
};

/** An answer `{"status":"error", …}` with its HTTP status. */
export class ApiError extends Error {
  readonly type: ErrorType;

  constructor(type: ErrorType, message: string) {
    super(message);
    this.type = type;
  }

  get status(): number {
    return statuses[this.type];
  }
}

/** `invalid parameter "name": …` */
export function invalidParameter(name: string, error: unknown): ApiError {
  return new ApiError('bad_data', `invalid parameter ${JSON.stringify(name)}: ${messageOf(error)}`);
}

export function badData(message: string): ApiError {
  return new ApiError('bad_data', message);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What the engine throws, as the API answers it. */
export function fromEngine(error: unknown): ApiError {
  if (error instanceof PromqlParseError || error instanceof PromqlInvalidQueryError)
    return invalidParameter('query', error);
  if (error instanceof PromqlTimeoutError) return new ApiError('timeout', error.message);
  if (error instanceof PromqlCanceledError) return new ApiError('canceled', error.message);
  if (error instanceof PromqlExecutionError) return new ApiError('execution', error.message);
  // Deeper than the stack: as good as a query that is too large.
  if (error instanceof RangeError) return new ApiError('execution', 'query is nested too deep');
  return new ApiError('internal', messageOf(error));
}
