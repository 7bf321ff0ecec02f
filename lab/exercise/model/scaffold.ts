import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../errors.ts';
import { exerciseIds } from './load-exercises.ts';

/** What the template calls itself, and what becomes of its files. */
const templateId = '00-template';
const templateTitle = 'Template';
const files = [
  { from: 'README.md', to: 'README.md' },
  { from: 'definition.ts', to: 'exercise.ts' },
] as const;

/** A new exercise before it is written: paths below the root, and what stands there. */
export type Scaffold = ReadonlyMap<string, string>;

/**
 * The files of a new exercise, made from `exercises/template`. They compile and load, and `ci <id> --prove` fails until
 * they are written, because what they break cannot be seen.
 * @throws UsageError for an ID that does not look like `08-cpu-burn`, or whose name or number is taken.
 */
export function planExercise(root: string, id: string): Scaffold {
  const [, number, name] = /^(\d{2})-([a-z0-9]+(?:-[a-z0-9]+)*)$/.exec(id) ?? [];
  const ids = exerciseIds(root);
  if (number === undefined || name === undefined || number === '00') {
    throw new UsageError(
      `"${id}" cannot be the ID of an exercise.`,
      `Write two digits from 01 on and a name in lower case, such as ${nextNumber(ids)}-cpu-burn.`,
    );
  }
  const sameNumber = ids.find((one) => one.startsWith(`${number}-`));
  if (sameNumber !== undefined || existsSync(join(root, 'exercises', id))) {
    throw new UsageError(
      `The number ${number} is taken by exercises/${sameNumber ?? id}.`,
      `The next free one: npm run lab -- exercise new ${nextNumber(ids)}-${name}`,
    );
  }
  const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}`.replaceAll('-', ' ');
  return new Map(
    files.map(({ from, to }) => [
      join('exercises', id, to),
      readFileSync(join(root, 'exercises/template', from), 'utf8')
        .replaceAll(templateId, id)
        .replaceAll(`# 00 ${templateTitle}`, `# ${number} ${title}`)
        .replaceAll(`title: '${templateTitle}'`, `title: '${title}'`),
    ]),
  );
}

/** Writes the files of a plan. Nothing that is there is overwritten. */
export function writeScaffold(root: string, scaffold: Scaffold): void {
  for (const [path, content] of scaffold) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content, { flag: 'wx' });
  }
}

function nextNumber(ids: readonly string[]): string {
  const highest = Math.max(0, ...ids.map((id) => Number(id.slice(0, 2))));
  return String(highest + 1).padStart(2, '0');
}
