import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { StateCorrupt } from '../errors.ts';
import { writeFileAtomically } from './atomic-write.ts';

const secret = z.string().regex(/^[A-Za-z0-9_-]{16,}$/);
const credentialsSchema = z.object({
  /** What admin and fault endpoints want. */
  token: secret,
  authTokenSecret: secret,
  databasePassword: secret,
  replicationPassword: secret,
  grafanaPassword: secret,
});

export type Credentials = z.infer<typeof credentialsSchema>;

/** Credentials of this lab alone. URL-safe, because they become part of connection strings. */
export function createCredentials(): Credentials {
  const random = (bytes: number): string => randomBytes(bytes).toString('base64url');
  return {
    token: random(24),
    authTokenSecret: random(32),
    databasePassword: random(18),
    replicationPassword: random(18),
    grafanaPassword: random(12),
  };
}

/** Reads the credentials file; undefined when there is none. */
export function readCredentials(path: string): Credentials | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return credentialsSchema.parse(JSON.parse(text));
  } catch {
    // The parser's message may quote the content, and the content is secret.
    throw new StateCorrupt(path, 'not the credentials that the lab wrote');
  }
}

/** Writes the credentials, readable by their owner alone. */
export function writeCredentials(path: string, credentials: Credentials): void {
  writeFileAtomically(path, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
}
