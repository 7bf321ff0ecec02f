import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { topology } from '../../stack/topology.ts';
import { exerciseIds, loadExercise } from '../exercise/model/load-exercises.ts';
import { projectRoot } from '../root.ts';

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const readme = read('README.md');
const manual = read('lab/docs/manual.md');

/** The project's own pages: README, CHANGELOG, CONTRIBUTING, what stands here, the catalogues and the guides. */
function pages(): string[] {
  const below = (folder: string): string[] =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name));
  return ['README.md', 'CHANGELOG.md', ...['.github', 'lab/docs', 'exercises', 'stack'].flatMap(below)];
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

test('the manual lists every command that a person may type', () => {
  const commands = readdirSync(join(projectRoot, 'lab/commands'))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .flatMap((name) => [...read(`lab/commands/${name}`).matchAll(/\.command\('([a-z-]+)'\)/g)])
    .map(([, command]) => command!);
  expect(commands).toContain('up');
  const rows = manual.split('\n').filter((line) => line.startsWith('| '));
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

test('the manual names the variable of every image', () => {
  for (const name of new Set(topology.map((one) => one.imageName))) {
    expect(manual).toMatch(new RegExp(`(LAB_IMAGE)?_${name}\``));
  }
});

test('README lists every exercise, with the minutes that it takes', async () => {
  const listed = [...readme.matchAll(/^\| \[.*\]\(exercises\/([\w-]+)\/README\.md\) \|.* (\d+) \|$/gm)];
  const exercises = await Promise.all(exerciseIds(projectRoot).map((id) => loadExercise(projectRoot, id)));
  expect(listed.map(([, id, minutes]) => [id, Number(minutes)])).toEqual(
    exercises.map(({ id, minutes }) => [id, minutes]),
  );
});

test('the picture shows every component, with the port at which it is reached', () => {
  const picture = read('lab/docs/pictures/topology.svg').toLowerCase();
  for (const { id, ports } of topology) {
    expect(picture).toMatch(new RegExp(`class="name"[^>]*>${id}<`));
    expect(picture).toContain(`:${ports.http ?? ports.postgres}`);
  }
});
