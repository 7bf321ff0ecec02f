import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { topology } from '../../stack/topology.ts';
import { projectRoot } from '../root.ts';

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const readme = read('README.md');

/** The project's own pages: README, CHANGELOG, what stands here, and the guides. */
function pages(): string[] {
  const below = (folder: string): string[] =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name));
  return ['README.md', 'CHANGELOG.md', ...below('lab/docs'), ...below('exercises')];
}

test('every relative link of a page leads to a file of the repository', () => {
  const broken = pages().flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
      .map(([, target]) => join(projectRoot, dirname(page), target!))
      .filter((target) => !existsSync(target))
      .map((target) => `${page}: ${relative(projectRoot, target)}`),
  );
  expect(broken).toEqual([]);
});

test('every "npm run" of a page names a script of package.json', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const unknown = pages().flatMap((page) =>
    [...read(page).matchAll(/npm run (?:-s )?([a-z][\w:-]*)/g)]
      .map(([, script]) => script!)
      .filter((script) => !(script in scripts))
      .map((script) => `${page}: ${script}`),
  );
  expect(unknown).toEqual([]);
});

test('README lists every command that a person may type', () => {
  const commands = readdirSync(join(projectRoot, 'lab/commands'))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .flatMap((name) => [...read(`lab/commands/${name}`).matchAll(/\.command\('([a-z-]+)'\)/g)])
    .map(([, command]) => command!);
  expect(commands).toContain('up');
  const rows = readme.split('\n').filter((line) => line.startsWith('| '));
  const missing = commands.filter(
    // The menu is what `npm run lab` opens.
    (command) => command !== 'menu' && !rows.some((row) => new RegExp(`\`${command}\\b`).test(row)),
  );
  expect(missing).toEqual([]);
});

test('verification.md pulls exactly the images that the topology pins', () => {
  const pulled = /for i in ([^;]+);/.exec(read('lab/docs/verification.md'))?.[1]?.split(' ') ?? [];
  expect(pulled.sort()).toEqual([...new Set(topology.map((one) => one.image))].sort());
});

test('README names the variable of every image', () => {
  for (const name of new Set(topology.map((one) => one.imageName))) {
    expect(readme).toMatch(new RegExp(`(LAB_IMAGE)?_${name}\``));
  }
});
