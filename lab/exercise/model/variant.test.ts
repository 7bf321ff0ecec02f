import { describe, expect, it } from 'vitest';
import latency from '../../../exercises/01-high-latency/exercise.ts';
import drill from '../../../exercises/07-incident-drill/exercise.ts';
import { defineExercise } from './define-exercise.ts';
import type { Act } from './model.ts';
import { begin } from './progress.ts';
import { assertVaries, parseSeed, seedToStart, unattendedSeed, variantOf, withSeed } from './variant.ts';

const variants = drill.variants!;

describe('a seed', () => {
  it('gives each variant of the drill at least twice in any ten in a row', () => {
    for (const first of [1, 2, 17, 999_990]) {
      const ten = Array.from({ length: 10 }, (_, index) => variantOf(variants, first + index).id);
      for (const { id } of variants) expect(ten.filter((one) => one === id).length).toBeGreaterThanOrEqual(2);
    }
  });

  it('makes the exercise one of its variants, and leaves one without variants as it is', () => {
    expect(withSeed(drill, 2)).toMatchObject({ played: { seed: 2, variant: variants[1]!.id } });
    expect(withSeed(drill, 2).acts).toBe(variants[1]!.acts);
    expect(withSeed(drill, undefined)).toBe(drill);
    expect(withSeed(latency, 2)).toBe(latency);
  });

  it.each(['0', '-1', '1.5', 'two', '', '1000000', '1e3'])(
    'is a whole number, which "%s" is not',
    (given) => {
      expect(() => parseSeed(given)).toThrow(
        `--seed ${given} is not a seed. Give a whole number from 1 to 999999, such as --seed 3.`,
      );
    },
  );

  it('is read as it was typed', () => {
    expect([parseSeed('1'), parseSeed('999999')]).toEqual([1, 999_999]);
  });

  it('is refused where nothing varies', () => {
    expect(() => assertVaries([latency])).toThrow(
      '--seed chooses among variants, and 01-high-latency has none. Leave it out.',
    );
    expect(() => assertVaries([latency, drill])).not.toThrow();
  });

  it('stays for as long as the exercise is open', () => {
    const open = begin(drill.id, drill.acts[0]!.id, '2026-01-01T00:00:00Z', 4);
    expect(seedToStart(drill, open, undefined)).toBe(4);
    expect(seedToStart(drill, open, 4)).toBe(4);
    expect(() => seedToStart(drill, open, 5)).toThrow(
      '--seed 5 comes too late: 07-incident-drill is begun, and keeps what it began with.',
    );
    const older = begin(drill.id, drill.acts[0]!.id, '2026-01-01T00:00:00Z');
    expect(seedToStart(drill, older, undefined)).toBe(unattendedSeed);
    const done = { ...open, doneAt: '2026-01-01T01:00:00Z' };
    expect(seedToStart(drill, done, 5)).toBe(5);
  });

  it('is one by chance for who gives none', () => {
    const seeds = Array.from({ length: 50 }, () => seedToStart(drill, undefined, undefined));
    expect(new Set(seeds.map((seed) => variantOf(variants, seed).id)).size).toBe(variants.length);
  });
});

describe('variants', () => {
  const [first, second] = variants;
  const other = (change: Partial<Act>) => () =>
    defineExercise({
      ...drill,
      variants: [first!, { id: 'other', acts: [{ ...second!.acts[0]!, ...change }] }],
    });
  const [task, ...tasks] = second!.acts[0]!.tasks;
  const [check, ...checks] = second!.acts[0]!.observe;

  it.each<[string, Partial<Act>]>([
    ['an act', { title: 'The primary hangs' }],
    ['a claim', { observe: [{ ...check!, claim: 'the primary hangs' }, ...checks] }],
    ['what to look at next', { observe: [{ ...check!, next: 'is it paused?' }, ...checks] }],
    ['a task', { tasks: [{ ...task!, prompt: 'Resume the primary.' }, ...tasks] }],
    ['a hint', { tasks: [{ ...task!, hints: ['it hangs'] }, ...tasks] }],
    ['a task of its own', { tasks }],
  ])('read alike: %s that differs is refused', (_, change) => {
    expect(other({})).not.toThrow();
    expect(other(change)).toThrow('variant other reads otherwise than the first, which gives it away');
  });

  it('are whole acts, and begin with the exercise’s own', () => {
    expect(other({ break: [] })).toThrow('variant other, act primary-lost: it breaks nothing');
    expect(() => defineExercise({ ...drill, variants: [second!, first!] })).toThrow(
      'its first variant has other acts than the exercise itself',
    );
    expect(() => defineExercise({ ...drill, variants: [first!, first!] })).toThrow('two variants are called');
  });
});
