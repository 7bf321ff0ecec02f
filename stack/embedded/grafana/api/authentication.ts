import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { RequestHandler, Response } from 'express';

/** Who asks: the admin by HTTP basic authentication, or nobody in particular. */
type Caller = 'admin' | 'anonymous' | 'wrong credentials';

type Headed = Pick<IncomingMessage, 'headers'>;

export interface Authentication {
  /** Lets anonymous callers in if the settings allow them. */
  readonly read: RequestHandler;
  /** Wants the admin. */
  readonly write: RequestHandler;
  isAdmin(request: Headed): boolean;
  /** For what is no request of express: an upgrade. */
  mayRead(request: Headed): boolean;
}

export function createAuthentication(adminPassword: string, anonymousEnabled: boolean): Authentication {
  const expected = digest(`admin:${adminPassword}`);
  const callerOf = (request: Headed): Caller => {
    const header = request.headers.authorization;
    if (header === undefined) return 'anonymous';
    const encoded = /^Basic\s+(\S+)$/i.exec(header)?.[1];
    if (encoded === undefined) return 'wrong credentials';
    return timingSafeEqual(digest(Buffer.from(encoded, 'base64').toString('utf8')), expected)
      ? 'admin'
      : 'wrong credentials';
  };
  const require =
    (allowed: (caller: Caller) => boolean): RequestHandler =>
    (request, response, next) => {
      const caller = callerOf(request);
      if (allowed(caller)) next();
      else refuse(response, caller);
    };
  const reads = (caller: Caller): boolean =>
    caller === 'admin' || (caller === 'anonymous' && anonymousEnabled);
  return {
    read: require(reads),
    write: require((caller) => caller === 'admin'),
    isAdmin: (request) => callerOf(request) === 'admin',
    mayRead: (request) => reads(callerOf(request)),
  };
}

function refuse(response: Response, caller: Caller): void {
  const wrong = caller === 'wrong credentials';
  response.status(401).json({
    extra: null,
    message: wrong ? 'Invalid username or password' : 'Unauthorized',
    messageId: wrong ? 'password-auth.failed' : 'auth.unauthorized',
    statusCode: 401,
    traceID: '',
  });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
