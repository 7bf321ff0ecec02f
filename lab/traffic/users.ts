import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { HttpJson } from '../observe/http-json.ts';
import { ObserveError } from '../observe/observe-error.ts';

/** A request that autocannon can send; `[<id>]` becomes a fresh ID each time. */
export interface TrafficRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A registered user with a few notes: who the load acts for. */
export interface TrafficUser {
  readonly token: string;
  readonly noteIds: readonly string[];
}

const tokenAnswer = z.object({ token: z.string() });
const noteAnswer = z.object({ id: z.string() });
const words = ['deploy', 'budget', 'lunch', 'incident', 'draft', 'review', 'garden', 'letter'];

/** Registers users through the gateway and gives each some notes, as people would. */
export async function registerUsers(
  gatewayUrl: string,
  options: { readonly users: number; readonly notesEach: number; readonly signal?: AbortSignal },
): Promise<TrafficUser[]> {
  const http = new HttpJson('The gateway', gatewayUrl);
  const common = { timeoutMs: 10_000, signal: options.signal };
  const users: TrafficUser[] = [];
  for (let index = 0; index < options.users; index += 1) {
    const credentials = {
      email: `load-${randomBytes(6).toString('hex')}@example.com`,
      password: randomBytes(18).toString('base64url'),
    };
    await persistently(() => http.text('/api/v1/auth/register', { body: credentials, ...common }));
    const { token } = await persistently(() =>
      http.json('/api/v1/auth/login', tokenAnswer, { body: credentials, ...common }),
    );
    const noteIds: string[] = [];
    for (let note = 0; note < options.notesEach; note += 1) {
      const { id } = await persistently(() =>
        http.json('/api/v1/notes', noteAnswer, {
          body: { title: `${words[note % words.length]} ${index}`, body: `About ${words.join(', ')}.` },
          headers: { authorization: `Bearer ${token}` },
          ...common,
        }),
      );
      noteIds.push(id);
    }
    users.push({ token, noteIds });
  }
  return users;
}

const attempts = 5;

/** Users come also while a part of the requests fails: they try again, a few times. */
async function persistently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === attempts || !(error instanceof ObserveError) || (error.status ?? 0) < 500) throw error;
    }
  }
}

/** The request of this name for the n-th sender. */
export function requestOf(name: string, users: readonly TrafficUser[], sender: number): TrafficRequest {
  const user = users[sender % users.length]!;
  const note = user.noteIds[sender % user.noteIds.length]!;
  const headers: Record<string, string> = {
    authorization: `Bearer ${user.token}`,
    'x-request-id': 'load-[<id>]',
    'user-agent': 'lab-traffic',
  };
  const json = { ...headers, 'content-type': 'application/json' };
  switch (name) {
    case 'read-note':
      return { method: 'GET', path: `/api/v1/notes/${note}`, headers };
    case 'list-notes':
      return { method: 'GET', path: '/api/v1/notes?limit=10', headers };
    case 'search-notes':
      return { method: 'GET', path: `/api/v1/notes/search?q=${words[sender % words.length]}`, headers };
    case 'create-note':
      return {
        method: 'POST',
        path: '/api/v1/notes',
        headers: json,
        body: '{"title":"note [<id>]","body":"From the load."}',
      };
    case 'update-note':
      return {
        method: 'PUT',
        path: `/api/v1/notes/${note}`,
        headers: json,
        body: '{"title":"changed","body":"Changed [<id>]."}',
      };
    case 'place-order':
      return {
        method: 'POST',
        path: '/api/v1/orders',
        headers: json,
        body: JSON.stringify({ sku: 'pen', quantity: 1, cardNumber: '4242424242424242' }),
      };
    case 'register':
      return {
        method: 'POST',
        path: '/api/v1/auth/register',
        headers: {
          'content-type': 'application/json',
          'x-request-id': 'load-[<id>]',
          'user-agent': 'lab-traffic',
        },
        body: JSON.stringify({
          email: 'load-[<id>]@example.com',
          password: randomBytes(18).toString('base64url'),
        }),
      };
    default:
      throw new RangeError(`no request is called ${name}`);
  }
}
