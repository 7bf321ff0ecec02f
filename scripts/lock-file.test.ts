import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Locked {
  readonly version?: string;
  readonly optionalDependencies?: Record<string, string>;
}

const packages = (
  JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Record<string, Locked>;
  }
).packages;

/** Where npm would find a package for whoever wants it: beside it, or in a folder above. */
function isLocked(wantedBy: string, name: string): boolean {
  for (let folder = wantedBy; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages) return true;
    if (folder === '') return false;
  }
}

describe('package-lock.json', () => {
  // npm leaves out what the registry of the day lacks, and `npm ci` on a fresh clone then refuses the whole file.
  it('locks the optional packages of every platform, so that npm ci accepts it everywhere', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((name) => !isLocked(path, name))
        .map((name) => `${path} wants ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('names a version for each package', () => {
    const unversioned = Object.entries(packages).filter(
      ([path, { version }]) => path !== '' && version === undefined,
    );
    expect(unversioned.map(([path]) => path)).toEqual([]);
  });
});
