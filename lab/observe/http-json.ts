import type { z } from 'zod';
import { ObserveError } from './observe-error.ts';

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  readonly body?: unknown;
  /** Sent as `application/x-www-form-urlencoded`, for queries too long for an address. */
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const defaultTimeoutMs = 5_000;

/** One backend's HTTP API: every answer is parsed, every failure becomes an {@link ObserveError} of one line. */
export class HttpJson {
  readonly name: string;
  readonly baseUrl: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(name: string, baseUrl: string, headers: Readonly<Record<string, string>> = {}) {
    this.name = name;
    this.baseUrl = baseUrl.replace(/\/$/, '');
    this.#headers = headers;
  }

  /** The address of a path with its query, as a browser would open it. */
  url(path: string, query: RequestOptions['query'] = {}): string {
    const url = new URL(this.baseUrl + path);
    for (const [key, value] of Object.entries(query)) {
      if (value === undefined) continue;
      if (typeof value === 'object') for (const item of value) url.searchParams.append(key, item);
      else url.searchParams.set(key, String(value));
    }
    return url.href;
  }

  /** Sends a request and parses the JSON answer with `schema`. */
  async json<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    options: RequestOptions = {},
  ): Promise<z.output<Schema>> {
    const text = await this.text(path, options);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new ObserveError('shape', `${this.name} answered ${path} with no JSON: ${excerpt(text)}`, {
        cause,
      });
    }
    const parsed = schema.safeParse(value);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const where = issue?.path.join('.') ?? '';
      throw new ObserveError(
        'shape',
        `${this.name} answered ${path} in an unknown shape: ${where} ${issue?.message ?? ''}`.trim(),
        { cause: parsed.error },
      );
    }
    return parsed.data;
  }

  /** Sends a request and returns the body of a 2xx answer. */
  async text(path: string, options: RequestOptions = {}): Promise<string> {
    const url = this.url(path, options.query);
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
    const headers: Record<string, string> = {
      accept: 'application/json',
      ...this.#headers,
      ...options.headers,
    };
    let body: string | undefined;
    if (options.form !== undefined) {
      headers['content-type'] = 'application/x-www-form-urlencoded';
      body = new URLSearchParams(options.form).toString();
    } else if (options.body !== undefined) {
      headers['content-type'] = 'application/json';
      body = JSON.stringify(options.body);
    }
    let status: number;
    let text: string;
    try {
      const init: RequestInit = {
        method: options.method ?? (body === undefined ? 'GET' : 'POST'),
        headers,
        signal,
      };
      if (body !== undefined) init.body = body;
      const response = await fetch(url, init);
      status = response.status;
      text = await response.text();
    } catch (cause) {
      options.signal?.throwIfAborted();
      if (timeout.aborted) {
        throw new ObserveError('timeout', `${this.name} did not answer ${path} within ${timeoutMs} ms`, {
          cause,
        });
      }
      throw new ObserveError(
        'unreachable',
        `${this.name} is not reachable at ${this.baseUrl}: ${reason(cause)}`,
        {
          cause,
        },
      );
    }
    if (status < 200 || status > 299) {
      throw new ObserveError('refused', `${this.name} answered ${path} with ${status}: ${excerpt(text)}`, {
        status,
      });
    }
    return text;
  }
}

function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

/** `fetch failed` says nothing; the cause below it does (ECONNREFUSED and the like). */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) {
    const { code, message } = error.cause as Error & { code?: string };
    return code ?? (message || error.message);
  }
  return error.message;
}
