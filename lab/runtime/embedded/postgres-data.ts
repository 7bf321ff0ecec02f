import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { ComponentFailed } from '../../errors.ts';
import type { RunAs } from '../../process/run-as.ts';
import type { Credentials } from '../../state/credentials.ts';
import { operatorGrants } from '../operator-grants.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { confValue, conninfoValue, restoreText, shellWord } from './postgres-quoting.ts';

/** What PostgreSQL's own tools need of the environment. `TZ` spares initdb the search for the local time zone. */
export function postgresEnvironment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' };
}

/**
 * Makes the data folder of a primary, roles and database included, and a cold copy of it for the standby: there is no
 * pg_basebackup in the package, and none is needed while nothing runs. Takes half a second, most of it initdb.
 */
export async function initializeCluster(options: {
  readonly binaries: PostgresBinaries;
  readonly runAs: RunAs;
  readonly primary: string;
  readonly standbys: readonly string[];
  readonly credentials: Credentials;
  readonly signal: AbortSignal | undefined;
}): Promise<void> {
  const { binaries, runAs } = options;
  const making = `${options.primary}.new`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true, mode: 0o700 });
  chmodSync(making, 0o700);
  if (runAs.user !== undefined) chownSync(making, runAs.user.uid, runAs.user.gid);
  await runTool(options, binaries.initdb, [
    `--pgdata=${making}`,
    '--username=postgres',
    // Replaced by the lab's own pg_hba.conf before the server first runs.
    '--auth=trust',
    '--encoding=UTF8',
    '--no-locale',
    '--no-instructions',
    '--no-sync',
    // Small segments: the standby's copy of the current one, and an empty lab, stay small.
    '--wal-segsize=1',
    '--set=dynamic_shared_memory_type=mmap',
    // A standby must not have less of these than the log says the primary had, from its first record on.
    '--set=max_connections=60',
    '--set=max_worker_processes=2',
    '--set=max_wal_senders=4',
    '--set=shared_buffers=24MB',
  ]);
  // In single-user mode, by standard input: no password in an argument list, no server that accepts without one.
  const sql = [
    `CREATE ROLE notes LOGIN PASSWORD '${options.credentials.databasePassword}'`,
    `CREATE ROLE replicator LOGIN REPLICATION PASSWORD '${options.credentials.replicationPassword}'`,
    'GRANT pg_monitor TO notes',
    'GRANT EXECUTE ON FUNCTION pg_backup_start(text, boolean), pg_backup_stop(boolean) TO replicator',
    ...operatorGrants,
    'CREATE DATABASE notes OWNER notes',
  ];
  await runTool(
    options,
    binaries.postgres,
    [
      '--single',
      '-D',
      making,
      '-c',
      'fsync=off',
      '-c',
      'log_checkpoints=off',
      '-c',
      'exit_on_error=on',
      'postgres',
    ],
    `${sql.join(';\n')};\n`,
  );
  for (const standby of options.standbys) {
    rmSync(standby, { recursive: true, force: true });
    copyCluster(making, standby, { runAs, wal: true });
    writeFileSync(join(standby, 'standby.signal'), '');
    own([join(standby, 'standby.signal')], runAs);
  }
  rmSync(options.primary, { recursive: true, force: true });
  renameSync(making, options.primary);
}

/** Whether a data folder holds a cluster. */
export function hasCluster(directory: string): boolean {
  return existsSync(join(directory, 'PG_VERSION')) && existsSync(join(directory, 'global', 'pg_control'));
}

export function isStandby(directory: string): boolean {
  return existsSync(join(directory, 'standby.signal'));
}

/**
 * Copies a data folder with its owner and modes, without what belongs to a running server. Files may come and go
 * meanwhile. `wal: false` leaves the log out, as a backup of a running server must: its standby streams it.
 */
export function copyCluster(from: string, to: string, options: { runAs: RunAs; wal: boolean }): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  own([to], options.runAs);
  const wal = join('pg_wal', '/');
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    const source = join(entry.parentPath, entry.name);
    const name = relative(from, source);
    if (notCopied.test(name)) continue;
    const target = join(to, name);
    if (entry.isDirectory()) {
      mkdirSync(target, { recursive: true, mode: 0o700 });
    } else if (!options.wal && name.startsWith(wal)) {
      continue;
    } else if (!copyIfThere(source, target)) {
      continue;
    }
    own([target], options.runAs);
  }
}

const notCopied =
  /(^|[/\\])(postmaster\.(pid|opts)|pg_internal\.init|pgsql_tmp.*|.*\.signal|backup_label.*)$/;

function copyIfThere(source: string, target: string): boolean {
  try {
    copyFileSync(source, target);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function own(paths: readonly string[], runAs: RunAs): void {
  if (runAs.user === undefined) return;
  for (const path of paths) chownSync(path, runAs.user.uid, runAs.user.gid);
}

/**
 * Puts the lab's configuration into a data folder, at every start: ports may have moved, the other node may be the
 * primary now. The replication password is in a passfile that only the server's user can read.
 */
export function configureCluster(options: {
  readonly directory: string;
  /** `config/postgres`, rendered. */
  readonly config: string;
  readonly runAs: RunAs;
  readonly listen: { readonly host: string; readonly port: number };
  /** Where to stream from, were this a standby. */
  readonly upstream: { readonly host: string; readonly port: number; readonly directory: string };
  readonly applicationName: string;
  readonly credentials: Credentials;
}): void {
  const { directory, upstream } = options;
  const passfile = join(directory, 'replication.pgpass');
  const connection = [
    `host=${upstream.host}`,
    `port=${upstream.port}`,
    'user=replicator',
    `passfile=${conninfoValue(passfile)}`,
    `application_name=${conninfoValue(options.applicationName)}`,
    'connect_timeout=3',
  ].join(' ');
  const files: Record<string, string> = {
    'postgresql.conf': [
      readFileSync(join(options.config, 'postgresql.conf'), 'utf8'),
      '# From here on: written by the lab at every start.',
      `listen_addresses = ${confValue(options.listen.host)}`,
      `port = ${options.listen.port}`,
      // A socket's path has at most 107 bytes, and a clone may stand deeper than that.
      "unix_socket_directories = ''",
      `cluster_name = ${confValue(options.applicationName)}`,
      `primary_conninfo = ${confValue(connection)}`,
      // What a killed primary had committed and not yet sent is still in its folder: a standby reads it from there
      // before it is promoted, so that no acknowledged write is lost.
      `restore_command = ${confValue(`cp ${restoreText(shellWord(upstream.directory))}/pg_wal/%f "%p" 2>/dev/null`)}`,
      '',
    ].join('\n'),
    'pg_hba.conf': readFileSync(join(options.config, 'pg_hba.conf'), 'utf8'),
    'replication.pgpass': `*:*:*:replicator:${options.credentials.replicationPassword}\n`,
  };
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    writeFileSync(path, content, { mode: 0o600 });
    own([path], options.runAs);
  }
}

/** Turns a running standby into a primary and waits until it takes writes. */
export async function promoteCluster(options: {
  readonly binaries: PostgresBinaries;
  readonly runAs: RunAs;
  readonly directory: string;
}): Promise<void> {
  await runTool(options, options.binaries.pgCtl, ['promote', '-D', options.directory, '-w', '-t', '30']);
}

async function runTool(
  options: { readonly runAs: RunAs; readonly signal?: AbortSignal | undefined },
  tool: string,
  args: readonly string[],
  input?: string,
): Promise<void> {
  const [command, wrapped] = options.runAs.wrap(tool, args);
  const result = await execa(command, wrapped, {
    env: postgresEnvironment(),
    extendEnv: false,
    cwd: '/',
    all: true,
    reject: false,
    ...options.runAs.spawnOptions,
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  if (result.isCanceled) throw options.signal?.reason;
  if (result.failed) {
    throw new ComponentFailed(
      'postgres',
      `could not be prepared (${tool.split('/').at(-1)} ended with code ${result.exitCode ?? result.signal ?? result.code})`,
      String(result.all ?? '')
        .trim()
        .split('\n')
        .slice(-3)
        .join(' | '),
    );
  }
}
