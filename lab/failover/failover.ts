import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { replicas } from '../deploy/deploy.ts';
import { FailbackFailed } from '../errors.ts';
import { askDatabase } from '../runtime/ask-database.ts';
import type { ComponentId, RunningLab } from '../runtime/runtime.ts';

/** The node that the lab begins with as its primary. */
export const declaredPrimary = 'postgres-primary';

const addressVariable = 'DATABASE_ADDRESS';
const caughtUpWithinMs = 30_000;

/**
 * Points the API at the database that takes writes now: each replica whose address differs is started anew, one after
 * the other. Returns those that were. A restart and not a list of hosts in the client: what the replicas use stands in
 * one place, `overrides`, where a person can read it.
 */
export async function repoint(
  lab: RunningLab,
  options: { readonly signal?: AbortSignal; readonly onStep?: (replica: string) => void } = {},
): Promise<readonly string[]> {
  const primary = await lab.primary();
  const { host, port } = lab.address(primary, 'postgres', 'network');
  const wanted = primary === declaredPrimary ? undefined : `${host}:${port}`;
  const done: string[] = [];
  for (const replica of replicas) {
    options.signal?.throwIfAborted();
    const { [addressVariable]: current, ...rest } = await lab.overrides(replica);
    if (current === wanted) continue;
    await lab.restart(replica, wanted === undefined ? rest : { ...rest, [addressVariable]: wanted });
    options.onStep?.(replica);
    done.push(replica);
  }
  return done;
}

/**
 * Gives the declared primary its role back: it is started as a standby, catches up, is promoted, the other follows it,
 * and the API is pointed at it. Returns whether anything had to be done.
 * @throws LAB_FAILBACK_FAILED when it does not catch up
 */
export async function failback(lab: RunningLab): Promise<boolean> {
  const primary = await lab.primary();
  if (primary !== declaredPrimary) {
    await lab.start(declaredPrimary);
    await caughtUp(lab, primary);
    await lab.promote(declaredPrimary);
  }
  return (await repoint(lab)).length > 0 || primary !== declaredPrimary;
}

/** IDs of acknowledged notes that the database which takes writes now does not hold. */
export async function lostWrites(lab: RunningLab, ids: readonly string[]): Promise<readonly string[]> {
  const rows = await query<{ id: string }>(
    lab,
    await lab.primary(),
    'SELECT id::text AS id FROM notes WHERE id::text = ANY($1)',
    [ids],
  );
  const held = new Set(rows.map(({ id }) => id));
  return ids.filter((id) => !held.has(id));
}

/** The standbys that are connected to the database that takes writes, and what each does (`streaming` is well). */
export async function standbyStates(lab: RunningLab): Promise<{ name: string; state: string }[]> {
  return query(
    lab,
    await lab.primary(),
    "SELECT application_name AS name, COALESCE(state, 'unknown') AS state FROM pg_stat_replication WHERE usename = 'replicator'",
  );
}

/** Until a standby streams from this primary and has replayed all of it. */
async function caughtUp(lab: RunningLab, primary: ComponentId): Promise<void> {
  const deadline = Date.now() + caughtUpWithinMs;
  while (Date.now() < deadline) {
    const [row] = await query<{ behind: number | null }>(
      lab,
      primary,
      'SELECT min(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn))::float8 AS behind FROM pg_stat_replication',
    ).catch(() => []);
    if (row?.behind !== null && row?.behind !== undefined && row.behind <= 0) return;
    await sleep(200);
  }
  throw new FailbackFailed(declaredPrimary, caughtUpWithinMs / 1000);
}

const query = <Row extends pg.QueryResultRow>(
  lab: RunningLab,
  node: ComponentId,
  sql: string,
  parameters: unknown[] = [],
): Promise<Row[]> => askDatabase(lab, node, 'notes', (ask) => ask<Row>(sql, parameters));
