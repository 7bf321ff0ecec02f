import type { Response } from 'express';

/** One field of the input that breaks a rule; `pointer` is a JSON pointer (RFC 6901) into the body or query. */
export interface FieldProblem {
  pointer: string;
  detail: string;
}

/**
 * An error that a client may see, as a problem body (RFC 9457). `type` is a stable kebab-case name; it is also the
 * `error_type` label. Anything else that is thrown becomes a 500 without details.
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly type: string;
  readonly title: string;
  readonly errors: readonly FieldProblem[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  /** The type as a label value: `note_not_found`. */
  get errorType(): string {
    return this.type.replaceAll('-', '_');
  }

  constructor(
    status: number,
    type: string,
    detail: string,
    options: {
      title?: string;
      errors?: readonly FieldProblem[];
      headers?: Record<string, string>;
      cause?: unknown;
    } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.type = type;
    this.title = options.title ?? titleOf(type);
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }
}

/** `note-not-found` reads `Note not found`. */
function titleOf(type: string): string {
  const words = type.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Sends the problem body; the request's own ID is the instance, so that a report leads to its log lines. */
export function sendProblem(response: Response, problem: Problem, requestId: string | undefined): void {
  for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
  response
    .status(problem.status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: `urn:problem:${problem.type}`,
        title: problem.title,
        status: problem.status,
        detail: problem.message,
        instance: requestId === undefined ? undefined : `urn:request:${requestId}`,
        errors: problem.errors,
      }),
    );
}
