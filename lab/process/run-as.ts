import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { PostgresUserMissing } from '../errors.ts';

/** How to start a program under another user, or as oneself. */
export interface RunAs {
  /** Undefined: the user that runs the lab. */
  readonly user: { readonly uid: number; readonly gid: number; readonly name: string } | undefined;
  /** Options for `spawn`. */
  readonly spawnOptions: { readonly uid?: number; readonly gid?: number };
  /** The command line that runs `command` as that user. */
  wrap(command: string, args: readonly string[]): [command: string, args: readonly string[]];
}

const asOneself: RunAs = {
  user: undefined,
  spawnOptions: {},
  wrap: (command, args) => [command, args],
};

/**
 * PostgreSQL refuses to run as root, so root lends it another user: `postgres` where that exists, otherwise `nobody`.
 * That user must read the binaries and reach its data folder, but the project may stand below a folder that only root
 * may enter (`/root`, `mktemp -d`). Then, on Linux, the process is given the one capability that lets it read and
 * traverse (CAP_DAC_READ_SEARCH, or CAP_DAC_OVERRIDE where a container has only that one), and nothing else of root.
 */
export function unprivilegedUser(paths: readonly string[], effectiveUid = process.geteuid?.()): RunAs {
  if (effectiveUid !== 0) return asOneself;
  const user = findUser();
  if (user === undefined) {
    throw new PostgresUserMissing(
      'it must not run as root, and there is no other user in /etc/passwd',
      'Run the lab as an ordinary user',
    );
  }
  const closed = paths.map((path) => closedFolder(path, user)).find((path) => path !== undefined);
  if (closed === undefined) {
    return { user, spawnOptions: { uid: user.uid, gid: user.gid }, wrap: (command, args) => [command, args] };
  }
  const capability = availableCapability();
  if (capability === undefined) {
    throw new PostgresUserMissing(
      `it must not run as root, and the user "${user.name}" may not enter ${closed}`,
      `Open the folder (chmod o+x ${closed}), or run the lab as an ordinary user`,
    );
  }
  return {
    user,
    spawnOptions: {},
    wrap: (command, args) => [
      'setpriv',
      [
        `--reuid=${user.uid}`,
        `--regid=${user.gid}`,
        '--clear-groups',
        `--inh-caps=-all,+${capability}`,
        `--ambient-caps=-all,+${capability}`,
        `--bounding-set=-all,+${capability}`,
        // Without it access(2), which initdb asks about its binaries, forgets the capability: it judges as the real user.
        '--securebits=+no_setuid_fixup',
        '--no-new-privs',
        command,
        ...args,
      ],
    ],
  };
}

function findUser(): { uid: number; gid: number; name: string } | undefined {
  let lines: string[];
  try {
    lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  } catch {
    return undefined;
  }
  for (const wanted of ['postgres', '_postgres', 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${wanted}:`))?.split(':');
    const uid = Number(fields?.[2]);
    const gid = Number(fields?.[3]);
    if (uid > 0 && gid > 0) return { uid, gid, name: wanted };
  }
  return undefined;
}

/** The first folder on the way to `path`, links resolved, that the user may not traverse. */
function closedFolder(path: string, user: { uid: number; gid: number }): string | undefined {
  const folders: string[] = [];
  for (let folder = realpathSync(path); ; folder = dirname(folder)) {
    folders.unshift(folder);
    if (dirname(folder) === folder) break;
  }
  return folders.find((folder) => {
    const info = statSync(folder);
    if (!info.isDirectory()) return false;
    const bit = info.uid === user.uid ? 0o100 : info.gid === user.gid ? 0o010 : 0o001;
    return (info.mode & bit) === 0;
  });
}

/** capabilities(7): CAP_DAC_OVERRIDE is bit 1, CAP_DAC_READ_SEARCH is bit 2. */
function availableCapability(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const held = BigInt(
    `0x${/^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`,
  );
  if ((held >> 2n) & 1n) return 'dac_read_search';
  if ((held >> 1n) & 1n) return 'dac_override';
  return undefined;
}
