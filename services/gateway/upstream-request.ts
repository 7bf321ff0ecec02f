import {
  type Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as sendRequest,
} from 'node:http';

export interface UpstreamRequest {
  method: string;
  /** Path and query as the client wrote them. */
  target: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
}

export type FailureReason = 'refused' | 'timeout' | 'broken' | 'abandoned';

/** The upstream gave no answer. */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure';
  readonly reason: FailureReason;

  constructor(reason: FailureReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

/** The upstream answered with a server error: for the circuit a failure, for the client an answer. */
export class UpstreamErrorAnswer extends Error {
  override readonly name = 'UpstreamErrorAnswer';
  readonly response: IncomingMessage;

  constructor(response: IncomingMessage) {
    super(`the upstream answered ${response.statusCode}`);
    this.response = response;
  }
}

/**
 * Sends a request and waits for the head of its answer, at most `timeoutMs`. While the body flows, the same time may
 * pass between two chunks.
 * @throws UpstreamFailure when there is no answer.
 */
export function callUpstream(
  base: URL,
  agent: Agent,
  { method, target, headers, body, signal }: UpstreamRequest,
  timeoutMs: number,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new UpstreamFailure('abandoned', 'the client went away'));
    const request = sendRequest({
      agent,
      host: base.hostname,
      port: base.port === '' ? 80 : Number(base.port),
      method,
      path: target,
      headers: {
        ...headers,
        host: base.host,
        ...(body.length > 0 && { 'content-length': String(body.length) }),
      },
    });
    let failure: UpstreamFailure | undefined;
    const giveUp = (reason: FailureReason, message: string) => {
      failure = new UpstreamFailure(reason, message);
      request.destroy(failure);
    };
    const abandon = () => giveUp('abandoned', 'the client went away');
    const timer = setTimeout(() => giveUp('timeout', `no answer within ${timeoutMs} ms`), timeoutMs);
    signal.addEventListener('abort', abandon, { once: true });
    request.once('response', (response) => {
      clearTimeout(timer);
      response.setTimeout(timeoutMs, () => giveUp('timeout', `the answer stopped for ${timeoutMs} ms`));
      response.once('close', () => signal.removeEventListener('abort', abandon));
      resolve(response);
    });
    request.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abandon);
      const reason = error.code === 'ECONNREFUSED' ? 'refused' : 'broken';
      reject(failure ?? new UpstreamFailure(reason, error.code ?? error.message, error));
    });
    request.end(body);
  });
}
