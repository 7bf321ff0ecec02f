/** A push that is refused; the message is Loki's. */
export class PushError extends Error {
  override readonly name = 'PushError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const missingStreams = 'error at least one valid stream is required for ingestion';
