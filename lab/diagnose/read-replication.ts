import type { Ask } from './database-session.ts';
import type { Measured } from './measured.ts';

export interface Standby {
  readonly name: string;
  /** `streaming` is well. */
  readonly state: string;
  /** Written by the primary and not replayed; null while the standby has told no position. */
  readonly lagBytes: number | null;
  /** PostgreSQL's own measure; null where nothing was replayed lately. */
  readonly lagSeconds: number | null;
}

export type Replication =
  | {
      readonly role: 'primary';
      readonly standbys: readonly Standby[];
      /** Whether it refuses writes, as a managed database does whose disk is full. */
      readonly readOnly: boolean;
    }
  | {
      readonly role: 'standby';
      /** Whether it receives from a primary now. */
      readonly receiving: boolean;
      readonly from: string | null;
      /** Received and not replayed. */
      readonly lagBytes: number | null;
      /** Since the newest change that it replayed; null when all that was received is replayed. */
      readonly lagSeconds: number | null;
      readonly replayPaused: boolean;
    };

/** The role of the server and how its replication stands, as the server itself says. */
export async function readReplication(ask: Ask): Promise<Measured<Replication>> {
  const roles = await ask<{ standby: boolean; read_only: boolean }>(
    `SELECT pg_is_in_recovery() AS standby, current_setting('default_transaction_read_only') = 'on' AS read_only`,
  );
  if ('reason' in roles) return roles;
  const { standby, read_only: readOnly } = roles.value[0] ?? { standby: false, read_only: false };
  return standby ? readStandby(ask) : readPrimary(ask, readOnly);
}

async function readPrimary(ask: Ask, readOnly: boolean): Promise<Measured<Replication>> {
  // A backup is a sender too, and no standby.
  const standbys = await ask<{ name: string; state: string; bytes: number | null; seconds: number | null }>(
    `SELECT application_name AS name, coalesce(state, 'unknown') AS state,
            pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 AS bytes,
            extract(epoch FROM replay_lag)::float8 AS seconds
       FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup' ORDER BY 1`,
  );
  if ('reason' in standbys) return standbys;
  return {
    value: {
      role: 'primary',
      readOnly,
      standbys: standbys.value.map(({ bytes, seconds, ...one }) => ({
        ...one,
        lagBytes: bytes,
        lagSeconds: seconds,
      })),
    },
  };
}

async function readStandby(ask: Ask): Promise<Measured<Replication>> {
  const rows = await ask<{
    status: string | null;
    from: string | null;
    bytes: number | null;
    seconds: number | null;
    paused: boolean;
  }>(
    `SELECT r.status, r.sender_host || ':' || r.sender_port AS from,
            pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::float8 AS bytes,
            CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN NULL
                 ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 END AS seconds,
            pg_is_wal_replay_paused() AS paused
       FROM (SELECT 1) AS always LEFT JOIN pg_stat_wal_receiver AS r ON true`,
  );
  if ('reason' in rows) return rows;
  const [row] = rows.value;
  if (row === undefined) return { reason: 'the server said nothing of its replication' };
  return {
    value: {
      role: 'standby',
      receiving: row.status === 'streaming',
      from: row.from,
      lagBytes: row.bytes,
      lagSeconds: row.seconds,
      replayPaused: row.paused,
    },
  };
}
