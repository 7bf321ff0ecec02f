// What a failover costs: a primary is killed while clients write to it, its standby is promoted, and every acknowledged
// row is looked for: with asynchronous replication, as the lab runs, and with a standby that has to have applied a row
// before it is acknowledged; each with a standby that follows, and with one that was away when the primary was lost
// together with its disk (otherwise the standby fetches the rest of the log from there).
// Run: npm run bench:failover [-- --rounds 20] [--mode async|async-behind|sync|sync-behind] [--json]
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { chalk, minimist } from 'zx';
import { standbyStates } from '../../lab/failover/failover.ts';
import { projectRoot } from '../../lab/root.ts';
import { createEmbeddedRuntime } from '../../lab/runtime/embedded/embedded-runtime.ts';
import type { RunningLab } from '../../lab/runtime/runtime.ts';
import { readCredentials } from '../../lab/state/credentials.ts';
import { labPaths } from '../../lab/state/paths.ts';
import { quantile } from '../../lab/statistics/quantile.ts';
import { topology } from '../../stack/topology.ts';

const options = minimist(process.argv.slice(2), { string: ['mode'], default: { rounds: 20, json: false } });
const rounds = Math.max(1, Math.trunc(Number(options.rounds)) || 20);
const allModes = ['async', 'async-behind', 'sync', 'sync-behind'] as const;
type Mode = (typeof allModes)[number];
const modes = allModes.filter((mode) => (options.mode ?? mode) === mode);
const writers = 4;
const writesForMs = 1_000;
/** How long the standby has been away when the primary is lost. */
const behindMs = 300;
const nodes = ['postgres-primary', 'postgres-replica'] as const;
/** What makes the difference. */
const synchronous = "\nsynchronous_standby_names = '*'\nsynchronous_commit = remote_apply\n";

interface Round {
  readonly acknowledged: number;
  readonly lost: number;
  /** From the kill until the rows are read from the other node; milliseconds. */
  readonly outageMs: number;
}

interface Figures {
  readonly mode: Mode;
  readonly rounds: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly roundsThatLost: number;
  readonly commitP50Ms: number;
  readonly commitP95Ms: number;
  readonly promotionP50Ms: number;
}

class Failovers {
  readonly #lab: RunningLab;
  readonly #behind: boolean;
  readonly #latencies: number[] = [];
  readonly #rounds: Round[] = [];
  #next = 1;

  constructor(lab: RunningLab, mode: Mode) {
    this.#lab = lab;
    this.#behind = mode.endsWith('-behind');
  }

  /** Clients write, the primary is killed, the standby is promoted, the rows are read back, the old one rejoins. */
  async round(): Promise<Round> {
    const primary = await this.#lab.primary();
    const standby = nodes.find((one) => one !== primary)!;
    const acknowledged: number[] = [];
    const from = this.#next;
    const clients = await Promise.all(Array.from({ length: writers }, () => this.#connect(primary)));
    const writing = clients.map((client) => this.#write(client, acknowledged));
    await sleep(writesForMs);
    if (this.#behind) {
      await this.#lab.stop(standby);
      await sleep(behindMs);
    }
    const killedAt = performance.now();
    await this.#lab.kill(primary);
    await Promise.all(writing);
    if (this.#behind) {
      rmSync(join(this.#lab.directory, 'data', primary, 'pg_wal'), { recursive: true });
      await this.#lab.start(standby);
    }
    await this.#lab.promote(standby);
    const reader = await this.#connect(standby);
    const { rows } = await reader.query<{ id: string }>('SELECT id FROM failovers WHERE id >= $1', [from]);
    const outageMs = performance.now() - killedAt;
    const held = new Set(rows.map(({ id }) => Number(id)));
    await reader.end();
    await this.#lab.start(primary);
    await this.#streams();
    const round = {
      acknowledged: acknowledged.length,
      lost: acknowledged.filter((id) => !held.has(id)).length,
      outageMs,
    };
    this.#rounds.push(round);
    return round;
  }

  async prepare(): Promise<void> {
    await this.#streams();
    const client = await this.#connect(await this.#lab.primary());
    await client.query('CREATE TABLE IF NOT EXISTS failovers (id bigint PRIMARY KEY)');
    await client.end();
  }

  figures(mode: Mode): Figures {
    const sum = (key: 'acknowledged' | 'lost'): number =>
      this.#rounds.reduce((total, round) => total + round[key], 0);
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    return {
      mode,
      rounds: this.#rounds.length,
      acknowledged: sum('acknowledged'),
      lost: sum('lost'),
      roundsThatLost: this.#rounds.filter(({ lost }) => lost > 0).length,
      commitP50Ms: quantile(sorted, 0.5),
      commitP95Ms: quantile(sorted, 0.95),
      promotionP50Ms: quantile(
        this.#rounds.map(({ outageMs }) => outageMs).toSorted((a, b) => a - b),
        0.5,
      ),
    };
  }

  async #write(client: pg.Client, acknowledged: number[]): Promise<void> {
    try {
      for (;;) {
        const id = this.#next++;
        const began = performance.now();
        await client.query('INSERT INTO failovers VALUES ($1)', [id]);
        acknowledged.push(id);
        this.#latencies.push(performance.now() - began);
      }
    } catch {
      // The primary is gone. What was not acknowledged was promised to nobody.
      await client.end().catch(() => {});
    }
  }

  async #connect(node: string): Promise<pg.Client> {
    const { host, port } = this.#lab.address(node, 'postgres', 'host');
    const password = readCredentials(join(this.#lab.directory, 'credentials.json'))?.databasePassword;
    const client = new pg.Client({ host, port, user: 'notes', database: 'notes', password });
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  async #streams(): Promise<void> {
    for (let look = 0; look < 300; look++) {
      const states = await standbyStates(this.#lab).catch(() => []);
      if (states.some(({ state }) => state === 'streaming')) return;
      await sleep(100);
    }
    throw new Error('no standby streams within 30 s');
  }
}

async function measure(mode: Mode): Promise<Figures> {
  const name = `failover-${mode}-${process.pid}`;
  const paths = labPaths(projectRoot, name);
  const runtime = createEmbeddedRuntime(
    {
      name,
      paths,
      root: projectRoot,
      pace: undefined,
      native: false,
      environment: process.env,
      note: () => {},
    },
    topology.filter(({ program }) => program.kind === 'postgres'),
  );
  try {
    const lab = await runtime.up();
    if (mode.startsWith('sync')) {
      appendFileSync(join(paths.config, 'postgres', 'postgresql.conf'), synchronous);
      for (const node of nodes) await lab.restart(node);
    }
    const failovers = new Failovers(lab, mode);
    await failovers.prepare();
    for (let count = 1; count <= rounds; count++) {
      const { acknowledged, lost, outageMs } = await failovers.round();
      const words = `${mode} ${count}/${rounds}: ${acknowledged} acknowledged, ${lost} lost, other node after ${Math.round(outageMs)} ms`;
      if (!options.json) process.stderr.write(`${chalk.dim(words)}\n`);
    }
    return failovers.figures(mode);
  } finally {
    await runtime.down();
  }
}

if (modes.length === 0) {
  process.stderr.write(`--mode ${options.mode} is no mode. Choose one of: ${allModes.join(', ')}.\n`);
  process.exit(2);
}
const report: Figures[] = [];
for (const mode of modes) report.push(await measure(mode));
if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
else {
  for (const one of report) {
    process.stdout.write(
      `${one.mode}: ${one.rounds} failovers, ${one.acknowledged} rows acknowledged, ${one.lost} lost in ${one.roundsThatLost} of them; a commit takes ${one.commitP50Ms.toFixed(2)} ms (p95 ${one.commitP95Ms.toFixed(2)}); read back from the other node ${Math.round(one.promotionP50Ms)} ms after the kill (medians)\n`,
    );
  }
}
