import { describe, expect, it } from 'vitest';
import { redact, redacted, redactText } from './redaction.ts';

describe('redact', () => {
  it.each([
    ['password', { password: 'hunter2' }],
    ['a longer name that holds one', { userPassword: 'hunter2', 'x-auth-token': 't0k3n' }],
    [
      'headers',
      { headers: { authorization: 'Bearer abcdefgh', cookie: 'sid=1', 'set-cookie': ['sid=hunter2'] } },
    ],
    ['arrays', { users: [{ profile: { passwordHash: 'hunter2' } }] }],
    ['maps', new Map([['apiKey', 'hunter2']])],
    ['sets', new Set(['Bearer hunter2hunter2'])],
    ['numbers under a secret name', { cvv: 123 }],
    ['an object under a secret name', { credentials: { user: 'a', pass: 'hunter2' } }],
    ['URLs with a password', { url: 'postgres://notes:hunter2@db:5432/notes' }],
    ['text with an assignment', { text: 'login failed, password=hunter2, token: hunter2' }],
    ['JSON in text', { text: '{"password":"hunter2"}' }],
    ['property names', { 'a@b.example': 'x' }],
    ['errors', new Error('no such user: a@b.example')],
    ['causes of errors', new Error('outer', { cause: new Error('password=hunter2') })],
    ['properties of errors', Object.assign(new Error('x'), { config: { secret: 'hunter2' } })],
  ])('hides secrets in %s', (_where, value) => {
    const text = JSON.stringify(redact(value));
    expect(text).toContain(redacted);
    expect(text).not.toMatch(/hunter2|t0k3n|abcdefgh|a@b\.example|"cvv":123|sid=/);
  });

  it.each([
    ['an e-mail address', 'mail from jane.doe+x@mail.example.org now', `mail from ${redacted} now`],
    ['a bearer token', 'sent Bearer abc.def-ghi', `sent Bearer ${redacted}`],
    ['a JSON web token', 'got eyJhbGciOi.eyJzdWIiOi.c2ln', `got ${redacted}`],
    ['a card number', 'card 4111111111111111 used', `card ${redacted} used`],
    ['a card number in groups', 'card 5555 5555 5555 4444.', `card ${redacted}.`],
  ])('hides %s in text', (_what, text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  it('hides a card number that came as a number', () => {
    expect(redact({ number: 4_111_111_111_111_111 })).toEqual({ number: redacted });
  });

  it.each([
    ['a trace ID', '4bf92f3577b34da6a3ce929d0e0e4736'],
    ['a UUID', '5536ecf9-c4be-485d-9af5-7470c541b9e9'],
    ['a time in milliseconds', '1763684901234'],
    ['a number that fails the check digit', '4111111111111112'],
    ['a route', '/api/v1/notes/:id'],
    ['a version at a package', 'undici@7.1'],
  ])('leaves %s alone', (_what, text) => {
    expect(redactText(text)).toBe(text);
  });

  it('leaves names alone that only begin like a secret one', () => {
    const fields = { cardinality: 5, duration_ms: 1.5, status: 200, pinned: true, author: 'x', empty: null };
    expect(redact(fields)).toEqual(fields);
  });

  it('survives cycles, depth and size', () => {
    const cycle: Record<string, unknown> = { name: 'a' };
    cycle.self = cycle;
    expect(redact(cycle)).toEqual({ name: 'a', self: '[circular]' });
    let deep: unknown = 'end';
    for (let level = 0; level < 50; level++) deep = { deep };
    expect(JSON.stringify(redact(deep))).toContain('[too deep]');
    expect((redact(Array.from({ length: 1_000 }, (_, index) => index)) as unknown[]).length).toBe(201);
    expect(redactText('x'.repeat(100_000)).length).toBeLessThan(9_000);
  });

  it('shows the same object twice when it is no cycle', () => {
    const shared = { a: 1 };
    expect(redact({ first: shared, second: shared })).toEqual({ first: { a: 1 }, second: { a: 1 } });
  });
});
