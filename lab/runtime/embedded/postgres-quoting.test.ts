import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../root.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { confValue, conninfoValue, restoreText, shellWord } from './postgres-quoting.ts';

const root = mkdtempSync(join(tmpdir(), 'lab-quoting-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Folders that people, CI systems and cloud drives make. */
const names = [
  'my lab',
  "it's mine",
  'feature%2Fbranch',
  'back\\slash \\n',
  'a "quoted" one',
  '$HOME `date` $(date)',
  'Übung',
  '🔭',
  '-dash',
  'all \' \\ % " $x',
];

/** What libpq reads: PostgreSQL's documentation, "Keyword/Value Connection Strings". */
const readConninfo = (value: string): string => value.slice(1, -1).replace(/\\(.)/gs, '$1');

describe.each(names)('a folder named %s', (name) => {
  it('comes through the configuration file into a connection string', () => {
    const directory = mkdtempSync(join(root, 'conf-'));
    const connection = `passfile=${conninfoValue(join('/data', name))} port=5`;
    writeFileSync(join(directory, 'postgresql.conf'), `primary_conninfo = ${confValue(connection)}\n`);
    // The real server's own reading of the file; it starts nothing.
    const read = execFileSync(
      findPostgresBinaries(projectRoot).postgres,
      ['-C', 'primary_conninfo', '-D', directory],
      {
        encoding: 'utf8',
      },
    );
    expect(read.trimEnd()).toBe(connection);
    expect(readConninfo(/passfile=('.*') port/s.exec(read)?.[1] ?? '')).toBe(join('/data', name));
  });

  it('comes through the shell of the restore command', () => {
    const directory = join(root, name);
    mkdirSync(join(directory, 'pg_wal'), { recursive: true });
    writeFileSync(join(directory, 'pg_wal', '0001'), name);
    const target = join(root, 'restored');
    const command = `cp ${restoreText(shellWord(directory))}/pg_wal/%f "%p"`;
    // As PostgreSQL fills it in.
    const filled = command.replace(/%(.)/g, (_, mark: string) =>
      mark === 'f' ? '0001' : mark === 'p' ? target : mark,
    );
    execFileSync('sh', ['-c', filled]);
    expect(readFileSync(target, 'utf8')).toBe(name);
  });
});
