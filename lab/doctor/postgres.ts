import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { LabError } from '../errors.ts';
import { unprivilegedUser } from '../process/run-as.ts';
import { findPostgresBinaries } from '../runtime/embedded/postgres-binaries.ts';
import type { Finding } from './finding.ts';

const subject = 'PostgreSQL';

/** Whether the PostgreSQL of the packages at `root` runs here, by running it; `base` is where its data would stand. */
export function postgresFinding(root: string, base: string): Finding {
  try {
    const binaries = findPostgresBinaries(root);
    const runAs = unprivilegedUser([binaries.home, existsSync(base) ? base : root]);
    for (const tool of [binaries.postgres, binaries.initdb, binaries.pgCtl]) {
      const [command, args] = runAs.wrap(tool, ['--version']);
      const { error, status, stderr } = spawnSync(command, args, {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, LC_ALL: 'C' },
        cwd: '/',
        timeout: 10_000,
        ...runAs.spawnOptions,
      });
      if (status === 0) continue;
      const words = stderr?.trim().split('\n').at(-1) || error?.message || `it ended with code ${status}`;
      return {
        subject,
        verdict: 'wrong',
        detail: `${words}.`,
        remedy: 'Make its links and install what is missing: npm run setup',
      };
    }
    const user = runAs.user === undefined ? 'you' : `the user "${runAs.user.name}", because root may not`;
    return { subject, verdict: 'ok', detail: `runs as ${user}` };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { subject, verdict: 'wrong', detail: error.message };
  }
}
