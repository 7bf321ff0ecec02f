import { webcrypto } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';

const issuer = 'notes-api';
const lifetimeSeconds = 3_600;

const claimsSchema = z.object({ sub: z.uuid(), role: z.enum(['user', 'admin']) });

export interface Identity {
  userId: string;
  role: 'user' | 'admin';
}

/** Signs and checks access tokens: HS256, one hour. Every replica has the same secret and takes the others' tokens. */
export class Tokens {
  /** Imported once: jose would import a bare secret again for each token. */
  readonly #key: Promise<webcrypto.CryptoKey>;

  constructor(secret: string) {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    this.#key = webcrypto.subtle.importKey('raw', Buffer.from(secret), algorithm, false, ['sign', 'verify']);
  }

  async issue({ userId, role }: Identity): Promise<{ token: string; expiresInSeconds: number }> {
    const token = await new SignJWT({ role })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(userId)
      .setIssuer(issuer)
      .setIssuedAt()
      .setExpirationTime(`${lifetimeSeconds}s`)
      .sign(await this.#key);
    return { token, expiresInSeconds: lifetimeSeconds };
  }

  /** Who the token speaks for; undefined when it is forged, expired or not ours. */
  async verify(token: string): Promise<Identity | undefined> {
    try {
      const { payload } = await jwtVerify(token, await this.#key, { issuer, algorithms: ['HS256'] });
      const claims = claimsSchema.safeParse(payload);
      return claims.success ? { userId: claims.data.sub, role: claims.data.role } : undefined;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}
