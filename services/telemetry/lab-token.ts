import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether somebody has the lab's token. It takes the same time for every guess: digests have one length. */
export function tokenMatcher(token: string): (given: string) => boolean {
  const wanted = digest(token);
  return (given) => timingSafeEqual(digest(given), wanted);
}

/** The bearer token of an Authorization header (RFC 6750); empty where there is none. */
export const bearerToken = (authorization: string | undefined): string =>
  /^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? '';

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
