/** The text is not PromQL, or is ill-typed. `message` starts with `line:column: parse error: `, as Prometheus writes it. */
export class PromqlParseError extends Error {
  override readonly name = 'PromqlParseError';
  /** What is wrong, without position. */
  readonly reason: string;

  constructor(message: string, reason: string) {
    super(message);
    this.reason = reason;
  }
}

/** The query is well-formed and cannot be asked this way, such as a range query of a string. HTTP: `bad_data`. */
export class PromqlInvalidQueryError extends Error {
  override readonly name = 'PromqlInvalidQueryError';
}

/** Evaluation failed. HTTP: 422 `execution`. */
export class PromqlExecutionError extends Error {
  override readonly name: string = 'PromqlExecutionError';
}

/** The query would hold more samples than the engine allows. HTTP: 422 `execution`. */
export class PromqlTooManySamplesError extends PromqlExecutionError {
  override readonly name = 'PromqlTooManySamplesError';

  constructor() {
    super('query processing would load too many samples into memory in query execution');
  }
}

/** The deadline passed. HTTP: 503 `timeout`. */
export class PromqlTimeoutError extends Error {
  override readonly name = 'PromqlTimeoutError';

  constructor(where = 'expression evaluation') {
    super(`query timed out in ${where}`);
  }
}

/** The caller's signal was aborted. HTTP: 503 `canceled`. */
export class PromqlCanceledError extends Error {
  override readonly name = 'PromqlCanceledError';

  constructor() {
    super('query was canceled in expression evaluation');
  }
}

/** The query is more work than its caller wants done at once. It says nothing of whether the query is right. */
export class PromqlTooHeavyError extends Error {
  override readonly name = 'PromqlTooHeavyError';
}
