import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from './root.ts';

/**
 * What each part may import. The embedded servers are programs to the lab, no library: nobody imports them. What the lab may ask of the
 * services is their contract.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  exercises: ['exercises', 'lab', 'stack'],
  lab: ['lab', 'stack', 'services/contract'],
  services: ['services', 'services/contract'],
  'services/contract': ['services/contract'],
  stack: ['stack'],
  'stack/embedded': ['stack/embedded'],
};

function partOf(path: string): string {
  const within = ['stack/embedded', 'services/contract'].find((part) => path.startsWith(`${part}/`));
  return within ?? path.split('/')[0] ?? '';
}

function importsOf(file: string): string[] {
  const source = readFileSync(join(projectRoot, file), 'utf8');
  return [...source.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    relative(projectRoot, resolve(projectRoot, dirname(file), match[1] ?? '')),
  );
}

const files = ['exercises', 'lab', 'services', 'stack'].flatMap((folder) =>
  readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name}`)
    .filter((name) => name.endsWith('.ts')),
);

test('dependencies point one way: exercises -> lab -> stack, and the services stand alone', () => {
  // The tests of the shipped config and of one part against another may look further than the parts themselves.
  const sources = files.filter((file) => !/\.test\.ts$|\/(?:testing\/|test-)[^/]*\.ts$/.test(file));
  expect(sources.length).toBeGreaterThan(100);
  const violations = sources.flatMap((file) =>
    importsOf(file)
      .filter((target) => !allowed[partOf(file)]?.includes(partOf(target)))
      .map((target) => `${file} -> ${target}`),
  );
  expect(violations).toEqual([]);
});
