import { chownSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunAs } from '../../process/run-as.ts';
import type { Credentials } from '../../state/credentials.ts';
import { copyCluster } from './postgres-data.ts';

/**
 * Clones a running primary's data folder for a new standby by the low-level backup API (PostgreSQL manual, "Making a
 * Base Backup Using the Low Level API"): the files are copied while they change, and the label that `pg_backup_stop`
 * returns tells recovery from where to make them consistent.
 */
export async function cloneRunningCluster(options: {
  readonly from: { readonly host: string; readonly port: number; readonly directory: string };
  readonly to: string;
  readonly runAs: RunAs;
  readonly credentials: Credentials;
}): Promise<void> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    host: options.from.host,
    port: options.from.port,
    user: 'replicator',
    password: options.credentials.replicationPassword,
    database: 'postgres',
  });
  await client.connect();
  try {
    await client.query("SELECT pg_backup_start('lab', true)");
    rmSync(options.to, { recursive: true, force: true });
    copyCluster(options.from.directory, options.to, { runAs: options.runAs, wal: false });
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    const files = { backup_label: rows[0]?.labelfile ?? '', 'standby.signal': '' };
    for (const [name, content] of Object.entries(files)) {
      const path = join(options.to, name);
      writeFileSync(path, content, { mode: 0o600 });
      if (options.runAs.user !== undefined) chownSync(path, options.runAs.user.uid, options.runAs.user.gid);
    }
  } finally {
    await client.end();
  }
}
