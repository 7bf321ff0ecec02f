import { join } from 'node:path';
import pg from 'pg';
import { z } from 'zod';
import type { ComponentId, RunningLab } from '../runtime/runtime.ts';
import { readCredentials } from '../state/credentials.ts';
import type { FaultKind } from './fault.ts';
import { isDown, stateOf } from './target-state.ts';

const setting = 'default_transaction_read_only';
const answersWithinMs = 3_000;

/**
 * A database that refuses writes and answers reads. Managed databases put themselves into this mode before their disk is
 * full. The setting is the server's own and not part of what it replicates: its standby takes writes once it is promoted.
 */
export const readOnly: FaultKind = {
  id: 'read-only',
  summary: 'The database refuses writes and answers reads, as a managed one does when its disk is full.',
  targets: ['postgres-primary', 'postgres-replica'],
  defaultTarget: 'postgres-primary',
  params: z.strictObject({}),
  paramsHelp: 'none',
  endsByItself: false,
  describe: (target) => `${target} refuses writes`,
  async inject({ lab }, target) {
    await asOperator(lab, target, [`ALTER SYSTEM SET ${setting} = on`, reload]);
  },
  async revert({ lab }, target) {
    // It stands in the server's files, and only a running server changes them.
    if (isDown(await stateOf(lab, target))) await lab.start(target);
    await asOperator(lab, target, [`ALTER SYSTEM RESET ${setting}`, reload]);
  },
  isActive: async ({ lab }, target) => {
    if (isDown(await stateOf(lab, target))) return true;
    const [row] = await asOperator<{ value: string }>(lab, target, [
      `SELECT current_setting('${setting}') AS value`,
    ]);
    return row?.value === 'on';
  },
};

const reload = 'SELECT pg_reload_conf()';

/** Runs statements on one node as the role that may change this setting; the rows of the last one. */
async function asOperator<Row extends pg.QueryResultRow>(
  lab: RunningLab,
  node: ComponentId,
  statements: readonly string[],
): Promise<Row[]> {
  const { host, port } = lab.address(node, 'postgres', 'host');
  const client = new pg.Client({
    host,
    port,
    user: 'replicator',
    database: 'postgres',
    password: readCredentials(join(lab.directory, 'credentials.json'))?.replicationPassword,
    application_name: 'lab-fault',
    connectionTimeoutMillis: answersWithinMs,
    query_timeout: answersWithinMs,
  });
  client.on('error', () => undefined);
  let rows: Row[] = [];
  try {
    await client.connect();
    for (const statement of statements) rows = (await client.query<Row>(statement)).rows;
    return rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
