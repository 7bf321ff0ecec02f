import { readFileSync } from 'node:fs';
import type { Values } from '../config/config.ts';

/** A notification that failed, and whether trying again may help. */
export class NotifyError extends Error {
  override readonly name = 'NotifyError';
  readonly retry: boolean;
  readonly reason: 'clientError' | 'serverError' | 'other' | 'contextDeadlineExceeded' | 'contextCanceled';
  constructor(message: string, options: { retry: boolean; reason?: NotifyError['reason']; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.retry = options.retry;
    this.reason = options.reason ?? 'other';
  }
}

export interface PostOptions {
  readonly url: string;
  readonly body: string;
  readonly httpConfig: Values | undefined;
  readonly signal: AbortSignal;
  /** 0 means no limit beyond the signal's. */
  readonly timeoutMs: number;
}
const userAgent = 'Alertmanager/0.33.1-embedded';
const maxResponseBytes = 64 * 1024;

/** Posts JSON and judges the answer: 2xx is success, 5xx and 429 may be tried again. Returns the answer's text. */
export async function postJson(options: PostOptions): Promise<{ text: string; contentType: string }> {
  const signal =
    options.timeoutMs > 0
      ? AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)])
      : options.signal;
  let response: Response;
  let text: string;
  try {
    const { url, headers } = credentials(options.url);
    response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': userAgent,
        ...headers,
        ...authHeaders(options.httpConfig),
      },
      body: options.body,
      signal,
      redirect: options.httpConfig?.follow_redirects === false ? 'manual' : 'follow',
    });
    text = await readStart(response);
  } catch (error) {
    const aborted = signal.aborted;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : (error as Error);
    throw new NotifyError(`Post "<redacted>": ${aborted ? 'context deadline exceeded' : cause.message}`, {
      retry: true,
      reason: aborted ? 'contextDeadlineExceeded' : 'other',
      cause: error,
    });
  }
  if (response.status >= 200 && response.status < 300)
    return { text, contentType: response.headers.get('content-type') ?? '' };
  const retry = response.status >= 500 || response.status === 429;
  throw new NotifyError(`unexpected status code ${response.status}: ${text}`, {
    retry,
    reason: response.status >= 500 ? 'serverError' : response.status >= 400 ? 'clientError' : 'other',
  });
}

/** As Go's client, takes a user and password out of the URL into a header; fetch refuses them there. */
function credentials(text: string): { url: URL; headers: Record<string, string> } {
  const url = new URL(text);
  if (url.username === '' && url.password === '') return { url, headers: {} };
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return { url, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

async function readStart(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk as Uint8Array);
    size += (chunk as Uint8Array).length;
    if (size >= maxResponseBytes) break;
  }
  return Buffer.concat(chunks).toString();
}

function authHeaders(config: Values | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  const basic = config?.basic_auth as Values | undefined;
  const authorization = config?.authorization as Values | undefined;
  if (basic !== undefined) {
    const user = secret(basic, 'username');
    headers.authorization = `Basic ${Buffer.from(`${user}:${secret(basic, 'password')}`).toString('base64')}`;
  } else if (authorization !== undefined)
    headers.authorization = `${authorization.type} ${secret(authorization, 'credentials')}`;
  const extra = (config?.http_headers ?? {}) as Record<string, { values?: string[]; secrets?: string[] }>;
  for (const [name, { values = [], secrets = [] }] of Object.entries(extra))
    headers[name] = [...values, ...secrets].join(', ');
  return headers;
}

/** A setting given inline or in a file that is read each time, so that it may be rotated. */
export function secret(settings: Values, name: string): string {
  const file = settings[`${name}_file`];
  if (typeof file !== 'string' || file === '') return String(settings[name] ?? '');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new NotifyError(`could not get ${name} from file: ${(error as Error).message}`, {
      retry: false,
      cause: error,
    });
  }
}
