import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { everyCommand } from '../../scripts/catalogues/commands.ts';
import { paces } from '../../stack/pace.ts';
import { type Exercise, faultsOf } from '../exercise/model/model.ts';
import { planExercise } from '../exercise/model/scaffold.ts';
import { projectRoot } from '../root.ts';

const page = readFileSync(join(projectRoot, '.github/CONTRIBUTING.md'), 'utf8');
const exampleId = '90-cpu-burn';

/** What stands in backticks, in the text and in blocks of commands. */
const blocks = [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, text]) => ({
  language: language!,
  text: text!,
}));
const commandLines = [
  ...blocks.filter(({ language }) => language === '').flatMap(({ text }) => text.trim().split('\n')),
  ...[...page.matchAll(/`((?:npm|npx) [^`]+)`/g)].map(([, line]) => line!),
];

describe('CONTRIBUTING', () => {
  it('names only files and folders that exist', () => {
    const written = planExercise(projectRoot, exampleId);
    const named = [...page.matchAll(/(?<![\w./-])(?:exercises|lab|services|stack|scripts)\/[\w./-]*/g)].map(
      ([path]) => path.replace(/[./]$/, ''),
    );
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((path) => !written.has(path) && !existsSync(join(projectRoot, path)))).toEqual([]);
  });

  it('names only commands that exist, with options that they have', async () => {
    const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
    const program = await everyCommand(projectRoot);
    expect(commandLines.length).toBeGreaterThan(20);
    expect(commandLines.flatMap((line) => problemOf(line, scripts, program) ?? [])).toEqual([]);
  });

  describe('the walk-through', () => {
    const folder = join(projectRoot, `.lab/.walk-through-${process.pid}`);
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it('makes an exercise that loads, breaks api-3 alone, and has nothing left to write', async () => {
      const path = [...planExercise(projectRoot, exampleId)].find(([name]) => name.endsWith('exercise.ts'))!;
      const snippets = blocks.filter(({ language }) => language === 'ts').map(({ text }) => text);
      const source = snippets.reduce(replaceDeclaration, path[1]);
      expect(snippets).toHaveLength(6);
      expect(source.replaceAll(/^\/\/ TODO:.*$/gm, '')).not.toContain('TODO');

      const file = join(folder, 'exercise.ts');
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, source.replaceAll("'../kit/", "'../../exercises/kit/"));
      const { default: exercise } = (await import(file)) as { default: Exercise };
      const [act] = exercise.acts;
      expect(faultsOf(act!, paces.lab)).toEqual([
        { kind: 'cpu-burn', target: 'api-3', params: { utilization: 0.8 } },
      ]);
      expect(act!.observe.map(({ claim }) => claim)).toEqual(['api-3 uses more than 50 % of a processor']);
      expect(act!.decoys.flatMap(({ rejectedBy }) => rejectedBy)).toContain(act!.recover[0]!.id);
    });
  });
});

/** The source with the top-level `const` of this snippet's name replaced by the snippet. */
function replaceDeclaration(source: string, snippet: string): string {
  const name = /^const (\w+)/.exec(snippet)?.[1];
  const declared = new RegExp(`^const ${name}\\b.*?;\\n(?=\\n|/|const)`, 'ms');
  expect(source, `the template declares ${name}`).toMatch(declared);
  return source.replace(declared, () => snippet);
}

/** What is wrong with a command line of the page, or nothing. */
function problemOf(line: string, scripts: Record<string, string>, program: Command): string | undefined {
  const words = line.split(' ').filter((word) => !/^\[|\]$/.test(word));
  const [tool, verb, script, dashes, ...rest] = words;
  if (tool === 'npx')
    return existsSync(join(projectRoot, words.at(-1)!)) ? undefined : `${line}: no such file`;
  if (verb !== 'run') return verb! in scripts ? undefined : `${line}: no such script`;
  if (!(script! in scripts)) return `${line}: no such script`;
  if (script !== 'lab' || dashes === undefined) return undefined;
  let command = program;
  for (const word of rest) {
    const below = command.commands.find((one) => one.name() === word);
    if (below !== undefined) command = below;
    else if (command === program) return `${line}: no such command`;
    if (!word.startsWith('--')) continue;
    const known = [...command.options, ...program.options].some(({ long }) => long === word);
    if (!known) return `${line}: no option ${word}`;
  }
  return undefined;
}
