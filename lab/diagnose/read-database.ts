import type { Ask } from './database-session.ts';
import { type DatabaseSession, type LockRow, lockQueue, type Waiting } from './lock-queue.ts';
import type { Measured } from './measured.ts';

import { type Replication, readReplication } from './read-replication.ts';

export interface Activity {
  /** `active`, `idle`, `idle in transaction`, … */
  readonly state: string;
  /** `Lock:transactionid`; null while it works on a processor. */
  readonly waitsFor: string | null;
  readonly count: number;
}

export interface Sizes {
  readonly databaseBytes: number;
  readonly tables: readonly { readonly name: string; readonly bytes: number; readonly rows: number | null }[];
}

export interface Connections {
  readonly max: number;
  /** Of those, kept for superusers and other reserved roles. */
  readonly reserved: number;
  readonly byApplication: Readonly<Record<string, number>>;
}

export interface DatabaseReadings {
  readonly activity: Measured<readonly Activity[]>;
  /** Over a second in a statement, or idle in a transaction for as long. */
  readonly long: Measured<readonly DatabaseSession[]>;
  readonly waiting: Measured<readonly Waiting[]>;
  readonly sizes: Measured<Sizes>;
  readonly connections: Measured<Connections>;
  readonly replication: Measured<Replication>;
}

const longSeconds = 1;

/** Everything that `diagnose postgres` shows, from the system views. Reads only, takes no lock that others wait for. */
export async function readDatabase(ask: Ask): Promise<DatabaseReadings> {
  const sessions = await ask<SessionRow>(sessionsSql);
  const waits = await ask<LockRow>(waitsSql);
  return {
    activity: map(sessions, groupActivity),
    long: map(sessions, (rows) => rows.filter(isLong).map(sessionOf)),
    waiting:
      'reason' in sessions ? sessions : map(waits, (rows) => lockQueue(rows, sessions.value.map(sessionOf))),
    sizes: await readSizes(ask),
    connections: await readConnections(ask),
    replication: await readReplication(ask),
  };
}

interface SessionRow {
  pid: number;
  state: string;
  seconds: number;
  transaction_seconds: number | null;
  waits_for: string | null;
  application: string;
  statement: string;
}

const sessionsSql = `
  SELECT pid, coalesce(state, 'unknown') AS state,
         coalesce(extract(epoch FROM clock_timestamp() - CASE WHEN state = 'active' THEN query_start ELSE state_change END), 0)::float8 AS seconds,
         extract(epoch FROM clock_timestamp() - xact_start)::float8 AS transaction_seconds,
         wait_event_type || ':' || wait_event AS waits_for,
         coalesce(nullif(application_name, ''), usename, 'unknown') AS application,
         coalesce(query, '') AS statement
    FROM pg_stat_activity
   WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
   ORDER BY seconds DESC`;

// Casting the relation to its name reads the catalogue only; it does not wait for the lock that the line is about.
const waitsSql = `
  SELECT pid, pg_blocking_pids(pid) AS blockers, mode,
         CASE WHEN relation IS NOT NULL THEN relation::regclass::text
              WHEN locktype IN ('transactionid', 'virtualxid') THEN 'a transaction'
              ELSE locktype END AS what
    FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()
   ORDER BY waitstart NULLS LAST, pid`;

function sessionOf(row: SessionRow): DatabaseSession {
  const { transaction_seconds: transactionSeconds, waits_for: waitsFor, ...rest } = row;
  return { ...rest, transactionSeconds, waitsFor };
}

const isLong = ({ state, seconds }: SessionRow): boolean =>
  (state === 'active' || state.startsWith('idle in transaction')) && seconds > longSeconds;

function groupActivity(rows: readonly SessionRow[]): Activity[] {
  const groups = new Map<string, Activity>();
  for (const { state, waits_for: waitsFor } of rows) {
    const key = JSON.stringify([state, waitsFor]);
    groups.set(key, { state, waitsFor, count: (groups.get(key)?.count ?? 0) + 1 });
  }
  return [...groups.values()].toSorted((a, b) => a.state.localeCompare(b.state) || b.count - a.count);
}

async function readSizes(ask: Ask): Promise<Measured<Sizes>> {
  const [database, tables] = [
    await ask<{ bytes: number }>('SELECT pg_database_size(current_database())::float8 AS bytes'),
    await ask<{ name: string; bytes: number; rows: number | null }>(
      // A standby has no counts of its own; what it replicates is the estimate of the last ANALYZE, -1 before the first.
      `SELECT relid::regclass::text AS name, pg_total_relation_size(relid)::float8 AS bytes, 
              CASE WHEN pg_is_in_recovery() THEN nullif(reltuples, -1) ELSE n_live_tup END::float8 AS rows
         FROM pg_stat_user_tables JOIN pg_class ON pg_class.oid = relid ORDER BY 2 DESC LIMIT 5`,
    ),
  ];
  if ('reason' in database) return database;
  return map(tables, (rows) => ({ databaseBytes: database.value[0]?.bytes ?? Number.NaN, tables: rows }));
}

async function readConnections(ask: Ask): Promise<Measured<Connections>> {
  const limits = await ask<{ max: number; reserved: number }>(
    `SELECT current_setting('max_connections')::int AS max,
            current_setting('superuser_reserved_connections')::int + current_setting('reserved_connections')::int AS reserved`,
  );
  const used = await ask<{ application: string; count: number }>(
    `SELECT coalesce(nullif(application_name, ''), usename, 'unknown') AS application, count(*)::int AS count
       FROM pg_stat_activity WHERE backend_type = 'client backend' GROUP BY 1 ORDER BY 2 DESC, 1`,
  );
  if ('reason' in limits) return limits;
  const [limit] = limits.value;
  if (limit === undefined) return { reason: 'the server did not say how many it allows' };
  return map(used, (rows) => ({
    ...limit,
    byApplication: Object.fromEntries(rows.map(({ application, count }) => [application, count])),
  }));
}

function map<T, Result>(measured: Measured<T>, change: (value: T) => Result): Measured<Result> {
  return 'value' in measured ? { value: change(measured.value) } : measured;
}
