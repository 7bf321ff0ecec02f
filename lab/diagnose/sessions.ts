import { legible } from '../ui/legible.ts';
import type { Finding } from './finding.ts';
import type { DatabaseSession, Waiting } from './lock-queue.ts';
import { duration } from './units.ts';

const shownStatement = 80;
const shownRows = 10;

/** Control characters escaped, one line, the first 80 characters. */
export function statementText(statement: string): string {
  const line = statement.replace(/\s+/g, ' ').trim();
  return legible(line.length > shownStatement ? `${line.slice(0, shownStatement)}…` : line);
}

/** What a session waits for. */
export const waits = ({ waitsFor }: { readonly waitsFor: string | null }): string =>
  waitsFor === null ? 'waits for nothing' : `waits for ${waitsFor}`;

function sessionFacts(session: DatabaseSession): NonNullable<Finding['facts']> {
  return { ...session, statement: statementText(session.statement) };
}

/** Locks that are not granted: who waits, for what, and who is at the head of the queue. */
export function describeWaiting(waiting: readonly Waiting[]): Finding[] {
  if (waiting.length === 0)
    return [{ subject: 'locks', verdict: 'ok', text: 'none waits', facts: { waiting: 0 } }];
  const found = waiting.slice(0, shownRows).map(({ session, wants, blockedBy, heads }): Finding => {
    const by = heads.map(
      (one) =>
        `pid ${one.pid} (${legible(one.application)}, ${one.state} for ${duration(one.seconds)}: ${statementText(one.statement)})`,
    );
    const queued = blockedBy.filter((pid) => !heads.some((one) => one.pid === pid)).length;
    const [first] = heads;
    return {
      subject: `pid ${session.pid}`,
      verdict: 'wrong',
      text: `${legible(session.application)} has waited ${duration(session.seconds)} for ${wants}: ${statementText(session.statement)}; blocked by ${by.join(' and ') || 'a session that has just ended'}${queued === 0 ? '' : `, ${queued} wait in front of it`}`,
      next: first && `ask its owner, or end it: SELECT pg_terminate_backend(${first.pid})`,
      facts: {
        ...sessionFacts(session),
        wants,
        blockedBy: blockedBy.join(' '),
        head: heads.map(({ pid }) => pid).join(' '),
      },
    };
  });
  return [...found, ...more(waiting.length)];
}

/** Sessions that take long, the longest first. */
export function describeLong(sessions: readonly DatabaseSession[]): Finding[] {
  if (sessions.length === 0) return [{ subject: 'sessions', verdict: 'ok', text: 'none' }];
  const found = sessions.slice(0, shownRows).map(
    (one): Finding => ({
      subject: `pid ${one.pid}`,
      verdict: 'notable',
      text: `${one.state} for ${duration(one.seconds)}, ${waits(one)}, ${legible(one.application)}: ${statementText(one.statement)}`,
      next: nextOf(one),
      facts: sessionFacts(one),
    }),
  );
  return [...found, ...more(sessions.length)];
}

function nextOf({ pid, state, waitsFor }: DatabaseSession): string {
  if (waitsFor?.startsWith('Lock:') === true) return 'blocked: see the locks above';
  return `SELECT ${state === 'active' ? 'pg_cancel_backend' : 'pg_terminate_backend'}(${pid})`;
}

function more(count: number): Finding[] {
  const left = count - shownRows;
  return left <= 0 ? [] : [{ subject: '…', verdict: 'notable', text: `and ${left} more`, facts: { left } }];
}
