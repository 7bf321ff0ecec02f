import pg from 'pg';
import { legible } from '../ui/legible.ts';
import { type Measured, measure } from './measured.ts';

export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: string | undefined;
}

/** One question; its failure is a reason, and the next question can still be asked. */
export type Ask = <Row extends pg.QueryResultRow>(sql: string) => Promise<Measured<Row[]>>;

const connectWithinMs = 2_000;
/** The server gives up a question first, so that the connection can be used for the next. */
const lockWithinMs = 500;
const statementWithinMs = 1_500;
const answerWithinMs = 2_500;

/**
 * Asks over one connection of its own, with short deadlines: a database that hangs is one reason and no hang. Nothing
 * waits long for a lock either, as the sizes of a table that somebody has locked would.
 */
export async function withDatabase<T>(
  address: DatabaseAddress,
  signal: AbortSignal,
  use: (ask: Ask) => Promise<T>,
): Promise<Measured<T>> {
  const client = new pg.Client({
    ...address,
    application_name: 'lab-diagnose',
    connectionTimeoutMillis: connectWithinMs,
    query_timeout: answerWithinMs,
    statement_timeout: statementWithinMs,
    lock_timeout: lockWithinMs,
  });
  client.on('error', () => undefined);
  let hung: string | undefined;
  const ask: Ask = async <Row extends pg.QueryResultRow>(sql: string) => {
    if (hung !== undefined) return { reason: hung };
    const answer = await measure(async () => (await client.query<Row>(sql)).rows, signal);
    if (!('reason' in answer) || !/read timeout/i.test(answer.reason)) return answer;
    // What is asked now would wait behind the question that was never answered.
    hung = `it took the connection and did not answer a question within ${answerWithinMs} ms`;
    return { reason: hung };
  };
  try {
    await client.connect();
  } catch (error) {
    signal.throwIfAborted();
    await leave(client);
    return { reason: describeRefusal(error, address) };
  }
  try {
    return { value: await use(ask) };
  } finally {
    await leave(client);
  }
}

/** `end` waits for the server's goodbye, which a frozen server never says. */
async function leave(client: pg.Client): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    client.end().catch(() => undefined),
    new Promise((resolve) => {
      timer = setTimeout(resolve, 200);
    }),
  ]);
  clearTimeout(timer);
}

/** Why there is no connection; SQLSTATE codes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
function describeRefusal(error: unknown, { host, port }: DatabaseAddress): string {
  const { code, message } = error as Error & { code?: string };
  const at = `${host}:${port}`;
  const said = legible(message ?? String(error));
  switch (code) {
    case 'ECONNREFUSED':
      return `${at} refuses connections: no server listens there`;
    case '57P03':
      return `the server at ${at} is starting, stopping or recovering: ${said}`;
    case '53300':
      return `no connection of ${at} is left: ${said}`;
    case '28P01':
      return `the server at ${at} does not take the lab's own password`;
  }
  return /timeout/i.test(said)
    ? `${at} does not answer within ${connectWithinMs} ms: the server hangs, is paused or is cut off`
    : `${at}: ${code === undefined ? '' : `${code} `}${said}`;
}
