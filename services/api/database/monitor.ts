import pg from 'pg';
import { Gauge, type Registry } from 'prom-client';
import type { Logger } from '../../telemetry/logger.ts';
import { migrate, migrations } from './migrate.ts';
import type { Migration } from './migrations/migration.ts';
import { ReplicationLag } from './replication-lag.ts';

const intervalMs = 1_000;
const startIntervalMs = 100;
const timeoutMs = 1_000;

export interface MonitorOptions {
  url: string;
  instance: string;
  registry: Registry;
  logger: Logger;
  /** A note of this user changed in some replica. */
  onNotesChanged: (userId: string) => void;
  /** Changes may have been missed: whatever is cached could be old. */
  onChangesMissed: () => void;
  steps?: readonly Migration[];
}

/**
 * Watches the database over a connection of its own, outside the pool: whether it answers, how far standbys lag,
 * which notes changed. It also applies the migrations, as soon as the database first answers.
 */
export class DatabaseMonitor {
  readonly #options: MonitorOptions;
  readonly #up;
  readonly #lagGauge;
  readonly #lag = new ReplicationLag();
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #migrated = false;
  #reachable: boolean | undefined;
  #stopped = false;

  constructor(options: MonitorOptions) {
    this.#options = options;
    const registers = [options.registry];
    this.#up = new Gauge({ name: 'database_up', help: '1 when the database answers, else 0.', registers });
    this.#lagGauge = new Gauge({
      name: 'database_replication_lag_seconds',
      help: 'Age of the oldest change that the standby has not replayed, in seconds.',
      labelNames: ['standby'],
      registers,
    });
    this.#up.set(0);
  }

  /** Whether the database answered the last look and has its schema. */
  get ready(): boolean {
    return this.#reachable === true && this.#migrated;
  }

  start(): void {
    void this.#look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#drop();
  }

  async #look(): Promise<void> {
    try {
      if (!this.#migrated) {
        const applied = await migrate(this.#options.url, this.#options.steps ?? migrations);
        if (applied.length > 0) this.#options.logger.info('database migrated', { versions: applied });
        this.#migrated = true;
      }
      this.#client ??= await this.#connect();
      await this.#measure(this.#client);
      this.#report(true);
    } catch (error) {
      this.#report(false, error);
      await this.#drop();
    }
    if (this.#stopped) return void (await this.#drop());
    // Until the first success the service waits for the database to boot: look more often.
    this.#timer = setTimeout(
      () => void this.#look(),
      this.ready || this.#migrated ? intervalMs : startIntervalMs,
    );
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.#options.url,
      application_name: `${this.#options.instance}-monitor`,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
    });
    client.on('error', () => undefined);
    client.on('notification', ({ payload }) => {
      if (payload !== undefined) this.#options.onNotesChanged(payload);
    });
    await client.connect();
    // A standby takes no LISTEN; its replica lives with the short time that a cached note is kept.
    await client.query('LISTEN notes_changed').catch(() => undefined);
    this.#options.onChangesMissed();
    return client;
  }

  async #measure(client: pg.Client): Promise<void> {
    const { rows } = await client.query<{ standby: boolean; lag: number }>(
      `SELECT pg_is_in_recovery() AS standby,
              CASE WHEN NOT pg_is_in_recovery() OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
                   ELSE coalesce(extract(epoch FROM now() - pg_last_xact_replay_timestamp()), 0)
              END::float8 AS lag`,
    );
    if (rows[0]?.standby === true) {
      this.#lagGauge.set({ standby: 'self' }, rows[0].lag);
      return;
    }
    const { rows: positions } = await client.query<{
      written: number;
      standby: string | null;
      replayed: number | null;
    }>(
      `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS written,
              application_name AS standby,
              pg_wal_lsn_diff(replay_lsn, '0/0')::float8 AS replayed
         FROM (SELECT 1) AS always LEFT JOIN pg_stat_replication ON true`,
    );
    const now = Date.now();
    const standbys = positions.flatMap(({ standby, replayed }) =>
      standby === null || replayed === null ? [] : [{ standby, replayedBytes: replayed }],
    );
    this.#lag.sample(now, positions[0]?.written ?? 0, standbys);
    for (const [standby, seconds] of this.#lag.lagSeconds(now)) this.#lagGauge.set({ standby }, seconds);
  }

  #report(reachable: boolean, error?: unknown): void {
    this.#up.set(reachable ? 1 : 0);
    if (reachable === this.#reachable) return;
    const first = this.#reachable === undefined;
    this.#reachable = reachable;
    const { logger } = this.#options;
    if (reachable) logger.info('database reachable');
    // At start the database may still be booting: that is no error yet.
    else logger[first ? 'info' : 'error']('database unreachable', { error });
  }

  async #drop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    this.#options.onChangesMissed();
    // `end` waits for the server's goodbye, which a frozen server never says.
    await Promise.race([
      client.end().catch(() => undefined),
      new Promise((resolve) => setTimeout(resolve, 200)),
    ]);
  }
}
