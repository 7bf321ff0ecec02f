import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { paces } from '../../../stack/pace.ts';
import { UsageError } from '../../errors.ts';
import { projectRoot } from '../../root.ts';
import { readGuide } from './guide.ts';
import { exerciseIds } from './load-exercises.ts';
import { type Exercise, faultsOf } from './model.ts';
import { planExercise, writeScaffold } from './scaffold.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'scaffold-'));
  cpSync(join(projectRoot, 'exercises/template'), join(root, 'exercises/template'), { recursive: true });
  mkdirSync(join(root, 'exercises/01-high-latency'));
  writeFileSync(join(root, 'exercises/01-high-latency/exercise.ts'), '');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('exercise new', () => {
  it('writes a guide and a definition under the new name, and the lab finds them', () => {
    writeScaffold(root, planExercise(root, '02-cpu-burn'));
    expect(readdirSync(join(root, 'exercises/02-cpu-burn')).sort()).toEqual(['README.md', 'exercise.ts']);
    expect(exerciseIds(root)).toEqual(['01-high-latency', '02-cpu-burn']);
    const read = (name: string): string => readFileSync(join(root, 'exercises/02-cpu-burn', name), 'utf8');
    expect(read('README.md')).toMatch(/^# 02 Cpu burn\n/);
    expect(read('exercise.ts')).toContain(`id: '02-cpu-burn',\n  title: 'Cpu burn',`);
    expect(read('README.md') + read('exercise.ts')).not.toMatch(/template/i);
    expect(readGuide(root, '02-cpu-burn')).not.toEqual([]);
  });

  it.each([
    [
      'cpu-burn',
      '"cpu-burn" cannot be the ID of an exercise. Write two digits from 01 on and a name in lower case, such as 02-cpu-burn.',
    ],
    [
      '02-CPU',
      '"02-CPU" cannot be the ID of an exercise. Write two digits from 01 on and a name in lower case, such as 02-cpu-burn.',
    ],
    [
      '00-template',
      '"00-template" cannot be the ID of an exercise. Write two digits from 01 on and a name in lower case, such as 02-cpu-burn.',
    ],
    [
      '02-../../x',
      '"02-../../x" cannot be the ID of an exercise. Write two digits from 01 on and a name in lower case, such as 02-cpu-burn.',
    ],
    [
      '01-high-latency',
      'The number 01 is taken by exercises/01-high-latency. The next free one: npm run lab -- exercise new 02-high-latency',
    ],
    [
      '01-other',
      'The number 01 is taken by exercises/01-high-latency. The next free one: npm run lab -- exercise new 02-other',
    ],
  ])('refuses %s and says what to write instead', (id, message) => {
    expect(() => planExercise(root, id)).toThrow(new UsageError(message, '').message.trimEnd());
    expect(exerciseIds(root)).toEqual(['01-high-latency']);
  });

  it('leaves alone a folder of that name that is no exercise yet', () => {
    mkdirSync(join(root, 'exercises/02-mine'));
    expect(() => planExercise(root, '02-mine')).toThrow('The number 02 is taken by exercises/02-mine.');
  });
});

describe('the template', () => {
  it('is a whole exercise that breaks nothing which can be seen, so that its proof fails until it is written', async () => {
    const { default: template } = (await import(join(projectRoot, 'exercises/template/definition.ts'))) as {
      default: Exercise;
    };
    const [act] = template.acts;
    expect(faultsOf(act!, paces.lab)).toEqual([{ kind: 'latency', target: 'api-1', params: { delayMs: 1 } }]);
    // 1 ms cannot bring p95 to 400 ms.
    expect(act!.observe.map(({ id, expect: wanted }) => [id, wanted])).toEqual([
      ['signal-rises', { atLeast: 400, unit: 'ms' }],
    ]);
  });
});
