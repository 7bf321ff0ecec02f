import { Counter, type Registry } from 'prom-client';
import { Problem } from '../../telemetry/problem.ts';
import { inSpan } from '../../telemetry/tracing.ts';
import type { Database } from '../database/database.ts';
import { hashPassword, verifyPassword } from './password.ts';
import type { Identity, Tokens } from './tokens.ts';

export interface Registration {
  email: string;
  password: string;
  source: string;
}

interface UserRow {
  id: string;
  password_hash: string;
  role: 'user' | 'admin';
}

/** Accounts: who may come in. */
export class AuthService {
  readonly #database: Database;
  readonly #tokens: Tokens;
  readonly #registrations;
  readonly #attempts;
  /** Checked when no account has the address, so that the answer's time does not tell which addresses exist. */
  readonly #decoyHash = hashPassword('nobody has this password');

  constructor({ database, tokens, registry }: { database: Database; tokens: Tokens; registry: Registry }) {
    this.#database = database;
    this.#tokens = tokens;
    this.#registrations = new Counter({
      name: 'user_registrations_total',
      help: 'Attempts to register, by where they came from and how they ended.',
      labelNames: ['source', 'status'],
      registers: [registry],
    });
    this.#attempts = new Counter({
      name: 'authentication_attempts_total',
      help: 'Attempts to prove who one is, by password or token.',
      labelNames: ['method', 'success'],
      registers: [registry],
    });
  }

  /** @throws Problem 409 when the address has an account already. */
  async register({
    email,
    password,
    source,
  }: Registration): Promise<{ id: string; email: string; role: string }> {
    return inSpan('AuthService.register', {}, async () => {
      try {
        const passwordHash = await inSpan('hash password', {}, () => hashPassword(password));
        const [user] = await this.#database.query<{ id: string; role: string }>({
          operation: 'insert',
          table: 'users',
          text: `INSERT INTO users (email, password_hash) VALUES ($1, $2)
                 ON CONFLICT (email) DO NOTHING RETURNING id, role`,
          values: [email, passwordHash],
        });
        if (user === undefined) {
          throw new Problem(409, 'email-taken', 'This e-mail address has an account already.');
        }
        this.#registrations.inc({ source, status: 'success' });
        return { id: user.id, email, role: user.role };
      } catch (error) {
        const taken = error instanceof Problem && error.status === 409;
        this.#registrations.inc({ source, status: taken ? 'duplicate' : 'error' });
        throw error;
      }
    });
  }

  /** @throws Problem 401 when address and password do not belong together. */
  async login(email: string, password: string): Promise<{ token: string; expiresInSeconds: number }> {
    return inSpan('AuthService.login', {}, async () => {
      const [user] = await this.#database.query<UserRow>({
        operation: 'select',
        table: 'users',
        text: 'SELECT id, password_hash, role FROM users WHERE email = $1',
        values: [email],
      });
      const hash = user?.password_hash ?? (await this.#decoyHash);
      const matches = await inSpan('verify password', {}, () => verifyPassword(password, hash));
      const success = user !== undefined && matches;
      this.#attempts.inc({ method: 'password', success: String(success) });
      if (!success) {
        throw new Problem(401, 'wrong-credentials', 'The e-mail address and the password do not match.');
      }
      return this.#tokens.issue({ userId: user.id, role: user.role });
    });
  }

  /** Who sent this Authorization header. @throws Problem 401. */
  async identify(authorization: string | undefined): Promise<Identity> {
    return inSpan('AuthService.identify', {}, async (span) => {
      const token = /^Bearer ([\w.~+/=-]{1,4096})$/.exec(authorization ?? '')?.[1];
      const identity = token === undefined ? undefined : await this.#tokens.verify(token);
      this.#attempts.inc({ method: 'token', success: String(identity !== undefined) });
      if (identity === undefined) {
        throw new Problem(401, 'unauthorized', 'A valid access token is needed; log in to get one.', {
          headers: { 'WWW-Authenticate': 'Bearer' },
        });
      }
      span.setAttribute('enduser.id', identity.userId);
      return identity;
    });
  }
}
