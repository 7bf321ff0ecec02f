import { join } from 'node:path';
import pg from 'pg';
import { readCredentials } from '../state/credentials.ts';
import type { ComponentId, RunningLab } from './runtime.ts';

/** `notes` owns the data; `replicator` may besides what `operatorGrants` says. */
const roles = {
  notes: { database: 'notes', secret: 'databasePassword' },
  replicator: { database: 'postgres', secret: 'replicationPassword' },
} as const;

export type Ask = <Row extends pg.QueryResultRow>(sql: string, parameters?: unknown[]) => Promise<Row[]>;

/** Works on one node over a connection of its own, as this role. Throws what PostgreSQL, or the connection, says. */
export async function askDatabase<Result>(
  lab: RunningLab,
  node: ComponentId,
  role: keyof typeof roles,
  work: (ask: Ask) => Promise<Result>,
): Promise<Result> {
  const { host, port } = lab.address(node, 'postgres', 'host');
  const { database, secret } = roles[role];
  const client = new pg.Client({
    host,
    port,
    user: role,
    database,
    password: readCredentials(join(lab.directory, 'credentials.json'))?.[secret],
    application_name: 'lab',
    connectionTimeoutMillis: 3_000,
    query_timeout: 10_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(async (sql, parameters) => (await client.query(sql, parameters)).rows);
  } finally {
    await client.end().catch(() => undefined);
  }
}
