import pg from 'pg';
import { createUsers } from './migrations/0001-create-users.ts';
import { createNotes } from './migrations/0002-create-notes.ts';
import { createOrders } from './migrations/0003-create-orders.ts';
import { announceNoteChanges } from './migrations/0004-announce-note-changes.ts';
import type { Migration } from './migrations/migration.ts';

export const migrations: readonly Migration[] = [createUsers, createNotes, createOrders, announceNoteChanges];

/** Any constant will do; it only has to be the same in every replica. */
const lockKey = 728_401_553;

/**
 * Brings the schema up to date. Several replicas may start at once: the first does the work under an advisory lock,
 * the others wait for it and find nothing left to do. Each step and its record are one transaction.
 * @returns the versions applied by this call.
 */
export async function migrate(url: string, steps: readonly Migration[] = migrations): Promise<number[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 2_000,
    query_timeout: 30_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows: state } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
    if (state[0]?.standby === true) return [];
    await client.query('SELECT pg_advisory_lock($1)', [lockKey]);
    // Writes nothing where nothing is to do: a replica starts beside a database that refuses writes, and can read.
    const { rows: table } = await client.query<{ missing: boolean }>(
      "SELECT to_regclass('schema_migrations') IS NULL AS missing",
    );
    if (table[0]?.missing !== false) {
      await client.query(
        'CREATE TABLE schema_migrations (version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
      );
    }
    const { rows } = await client.query<{ version: number }>('SELECT version FROM schema_migrations');
    const done = new Set(rows.map((row) => row.version));
    const applied: number[] = [];
    for (const step of steps.filter(({ version }) => !done.has(version))) {
      await client.query('BEGIN');
      try {
        await client.query(step.sql);
        await client.query('INSERT INTO schema_migrations (version, name) VALUES ($1, $2)', [
          step.version,
          step.name,
        ]);
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK').catch(() => undefined);
        throw new Error(`migration ${step.version} (${step.name}) failed: ${(error as Error).message}`, {
          cause: error,
        });
      }
      applied.push(step.version);
    }
    return applied;
  } finally {
    // The lock belongs to the session and goes with it.
    await client.end();
  }
}
