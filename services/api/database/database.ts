import pg from 'pg';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Logger } from '../../telemetry/logger.ts';
import { Problem } from '../../telemetry/problem.ts';

/** A call slower than this is a line at `warn`; faster ones are told at `debug`. */
const slowQueryMs = 100;
const connectTimeoutMs = 2_000;
const statementTimeoutMs = 10_000;
const idleTimeoutMs = 30_000;
const queryBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10];

export interface DatabaseOptions {
  url: string;
  poolMax: number;
  applicationName: string;
  registry: Registry;
  logger: Logger;
}

/** One statement: `operation` and `table` are its labels in metrics and logs. */
export interface Statement {
  operation: 'select' | 'insert' | 'update' | 'delete';
  table: string;
  text: string;
  values?: readonly unknown[];
}

export type RunStatement = <Row extends pg.QueryResultRow>(statement: Statement) => Promise<Row[]>;

/** The bounded pool; every call is measured, logged and, within a request, traced. */
export class Database {
  /** What each call waits inside the database before its statement; the `slow-queries` fault sets it. */
  delayMs = 0;

  readonly #pool: pg.Pool;
  readonly #logger: Logger;
  readonly #duration;
  readonly #connectionErrors;

  constructor({ url, poolMax, applicationName, registry, logger }: DatabaseOptions) {
    this.#logger = logger;
    this.#pool = new pg.Pool({
      connectionString: url,
      max: poolMax,
      application_name: applicationName,
      connectionTimeoutMillis: connectTimeoutMs,
      statement_timeout: statementTimeoutMs,
      idleTimeoutMillis: idleTimeoutMs,
    });
    const registers = [registry];
    this.#duration = new Histogram({
      name: 'database_query_duration_seconds',
      help: 'Time of a database call once it has its connection, in seconds.',
      labelNames: ['operation', 'table'],
      buckets: queryBuckets,
      registers,
    });
    this.#connectionErrors = new Counter({
      name: 'database_connection_errors_total',
      help: 'Connections that could not be made, were lost, or could not be had from the pool in time.',
      registers,
    });
    const pool = this.#pool;
    const gauge = (state: string, help: string, read: () => number) =>
      new Gauge({
        name: `database_connections_${state}`,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    gauge('active', 'Pool connections in use.', () => pool.totalCount - pool.idleCount);
    gauge('idle', 'Pool connections at rest.', () => pool.idleCount);
    gauge('waiting', 'Callers that wait for a pool connection.', () => pool.waitingCount);
    gauge('max', 'Connections that the pool may hold.', () => poolMax);
    // An idle connection that breaks reports here; unheard, it would end the process.
    pool.on('error', (error) => this.#connectionFailed(error));
  }

  /** Runs one statement on a connection of the pool. @throws Problem 503 when no connection is to be had. */
  async query<Row extends pg.QueryResultRow>(statement: Statement): Promise<Row[]> {
    return this.#withConnection((client) => this.#measured<Row>(client, statement));
  }

  /** Runs statements in one transaction: all are kept, or none when `work` throws. */
  async transaction<Result>(work: (run: RunStatement) => Promise<Result>): Promise<Result> {
    return this.#withConnection(async (client) => {
      await client.query('BEGIN');
      try {
        const result = await work((statement) => this.#measured(client, statement));
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  /** Takes a connection and keeps it; the returned function gives it back. What the `connection-leak` fault does. */
  async leak(): Promise<() => void> {
    const client = await this.#pool.connect();
    return () => client.release();
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #withConnection<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    let client: pg.PoolClient;
    if (this.#logger.isDebug()) this.#logger.debug('connection wanted', this.#poolState());
    try {
      client = await this.#pool.connect();
    } catch (error) {
      this.#connectionFailed(error);
      throw unavailable(error);
    }
    if (this.#logger.isDebug()) this.#logger.debug('connection taken', this.#poolState());
    let broken: Error | undefined;
    // A connection lost between two statements of one caller.
    const onError = (error: Error) => {
      broken = error;
    };
    client.on('error', onError);
    try {
      return await work(client);
    } catch (error) {
      if (!isConnectionLoss(error)) throw error;
      broken = error as Error;
      this.#connectionFailed(error);
      throw unavailable(error);
    } finally {
      client.off('error', onError);
      client.release(broken);
      if (this.#logger.isDebug()) this.#logger.debug('connection returned', this.#poolState());
    }
  }

  async #measured<Row extends pg.QueryResultRow>(
    client: pg.PoolClient,
    statement: Statement,
  ): Promise<Row[]> {
    const { operation, table } = statement;
    const startedAt = performance.now();
    const debug = this.#logger.isDebug();
    if (debug) this.#logger.debug('query started', { operation, table, statement: statement.text });
    let rows: number | undefined;
    try {
      if (this.delayMs > 0) await client.query('SELECT pg_sleep($1)', [this.delayMs / 1_000]);
      const result = await client.query<Row>(statement.text, [...(statement.values ?? [])]);
      rows = result.rowCount ?? undefined;
      return result.rows;
    } finally {
      const durationMs = performance.now() - startedAt;
      this.#duration.observe({ operation, table }, durationMs / 1_000);
      const slow = durationMs > slowQueryMs;
      if (slow || debug) {
        this.#logger[slow ? 'warn' : 'debug'](slow ? 'slow query' : 'query finished', {
          operation,
          table,
          rows,
          duration_ms: Math.round(durationMs * 1e3) / 1e3,
        });
      }
    }
  }

  #poolState(): { total: number; idle: number; waiting: number } {
    return { total: this.#pool.totalCount, idle: this.#pool.idleCount, waiting: this.#pool.waitingCount };
  }

  #connectionFailed(error: unknown): void {
    this.#connectionErrors.inc();
    this.#logger.warn('database connection failed', { error });
  }
}

function unavailable(cause: unknown): Problem {
  return new Problem(503, 'database-unavailable', 'The database cannot be reached; try again.', {
    headers: { 'Retry-After': '1' },
    cause,
  });
}

const lossCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND']);

/** Whether the connection, not the statement, failed: socket errors and PostgreSQL's classes 08 and 57P. */
function isConnectionLoss(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return lossCodes.has(code) || code.startsWith('08') || code.startsWith('57P');
  return typeof message === 'string' && message.startsWith('Connection terminated');
}
