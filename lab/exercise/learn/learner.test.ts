import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { paces } from '../../../stack/pace.ts';
import type { LabContext } from '../../context.ts';
import { faultSpec } from '../../faults/catalogue.ts';
import { faultId } from '../../faults/journal.ts';
import type { ComponentState, RunningLab } from '../../runtime/runtime.ts';
import { labPaths } from '../../state/paths.ts';
import type { Traffic } from '../../traffic/traffic.ts';
import { Workshop } from '../../workshop.ts';
import type { Exercise } from '../model/model.ts';
import { type ActPhase, begin, changeAct, changeTask, currentAct } from '../model/progress.ts';
import { checkReading } from '../testing/fake-context.ts';
import { Learner } from './learner.ts';

/** As in exercise 06: what is repaired are the rules, and `api-2` stays away as long as the exercise lasts. */
describe('a learner whose repair leaves the fault where it is', () => {
  const fault = faultSpec('stop', { target: 'api-2' });
  let directory: string;
  let states: Record<string, ComponentState>;
  let rulesAreGood: boolean;
  let isSteady: boolean;
  let meanwhile: () => void;
  let notes: string[];
  let workshop: Workshop;
  let learner: Learner;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'learner-'));
    states = { 'api-1': 'running', 'api-2': 'stopped' };
    rulesAreGood = true;
    isSteady = false;
    meanwhile = () => {};
    notes = [];
    workshop = new Workshop(
      {
        paths: labPaths(directory, 'test'),
        environment: {},
        signal: new AbortController().signal,
        ui: { note: (text: string) => notes.push(text) },
      } as unknown as LabContext,
      {
        kind: 'embedded',
        pace: paces.lab,
        capabilities: new Set(['stop']),
        directory,
        address: () => ({ host: '127.0.0.1', port: 1, url: 'http://127.0.0.1:1' }),
        status: async () => Object.entries(states).map(([id, state]) => ({ id, state, ready: true })),
        start: async (id: string) => {
          states[id] = 'running';
        },
        stop: async (id: string) => {
          states[id] = 'stopped';
        },
        readConfig: () => undefined,
        overrides: async () => ({}),
        primary: async () => 'postgres-primary',
      } as unknown as RunningLab,
    );
    // No load is sent.
    const traffic = { start: async () => {}, stop: async () => {}, running: () => ({ profile: 'steady' }) };
    Object.assign(workshop, { traffic: traffic as unknown as Traffic });
    learner = new Learner(workshop, exercise(), { onStep: () => {}, onCheck: () => {} });
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function exercise(): Exercise {
    const check = (id: string, holds: () => boolean) =>
      checkReading([], {
        id,
        measure: async () => {
          meanwhile();
          return holds() ? 1 : 0;
        },
        expect: { equals: 1, unit: '' },
        withinSeconds: 0,
      });
    return {
      id: '99-rules',
      title: 'Rules',
      summary: 'They ring.',
      minutes: 1,
      objectives: [],
      pillars: ['alerts'],
      baseline: [check('calm', () => true)],
      acts: [
        {
          id: 'noise',
          title: 'Noise',
          summary: 'It rings.',
          load: 'steady',
          break: [fault],
          observe: [check('rings', () => true)],
          invariants: [],
          tasks: [
            {
              id: 'why',
              prompt: 'Why?',
              kind: 'text',
              hints: ['Look.'],
              verify: async () => ({ accepted: true, because: 'so it is' }),
              solve: async () => 'so',
              wrongAnswers: [{ answer: 'not so', why: 'it is so' }],
            },
          ],
          decoys: [],
          repair: {
            steps: [{ description: 'Better rules', apply: async () => {} }],
            done: async () => rulesAreGood,
          },
          recover: [check('quiet', () => isSteady)],
        },
      ],
      learnings: [],
    };
  }

  /** As the commands before left it. */
  function at(phase: ActPhase, brokenForSeconds = 120, ttlSeconds = 60): void {
    const now = new Date(Date.now() - 1000 * brokenForSeconds);
    const progress = begin('99-rules', 'noise', now.toISOString());
    workshop.progress.write(changeAct(progress, { phase, brokenAt: now.toISOString() }));
    workshop.journal.put({
      ...fault,
      id: faultId(fault),
      params: fault.params ?? {},
      owner: { kind: 'exercise', id: '99-rules' },
      injectedAt: now.toISOString(),
      expiresAt: new Date(Date.now() + 1000 * ttlSeconds).toISOString(),
    });
  }

  it.each<ActPhase>(['tasks', 'repaired'])('keeps it until the end, from the phase %s on', async (phase) => {
    at(phase);
    // The recovery is not seen at the first look: the next command has to find everything as it was.
    expect(await learner.check()).toMatchObject({ phase: 'recover', held: false });
    expect(await learner.look()).toMatchObject({ phase: 'recover' });
    expect(states['api-2']).toBe('stopped');
    expect(notes.filter((note) => note.startsWith('Healed'))).toEqual([]);
    expect(workshop.brokenExercises()).toEqual([]);
    expect(workshop.exercisesUnderWay()).toEqual(['99-rules']);

    isSteady = true;
    expect(await learner.check()).toMatchObject({ held: true, openTasks: [] });
    expect(learner.progress?.doneAt).toBeDefined();
    expect(learner.score?.score.points).toBeGreaterThanOrEqual(0);
    expect(states['api-2']).toBe('running');
    expect(workshop.journal.read().faults).toEqual([]);
    expect(notes).toContain('Healed: api-2 is stopped');
  });

  it('finds it again after half an hour away from the recovery', async () => {
    at('repaired', 3_000, -60);
    expect(await learner.check()).toMatchObject({ phase: 'recover', held: false });
    expect(states['api-2']).toBe('stopped');
    expect(workshop.journal.read().faults).toMatchObject([
      { id: faultId(fault), owner: { kind: 'exercise', id: '99-rules' } },
    ]);
    isSteady = true;
    await learner.check();
    expect(states['api-2']).toBe('running');
  });

  it('does not put back what a person has taken away', async () => {
    at('repaired', 3_000);
    states['api-2'] = 'running';
    workshop.journal.remove(faultId(fault));
    await learner.check();
    expect(states['api-2']).toBe('running');
  });

  it('is not repaired in the first moments, in which rates still tell of the time before', async () => {
    at('broken', 1);
    expect(await learner.check()).toMatchObject({ phase: 'observe' });
    expect(workshop.brokenExercises()).toEqual(['99-rules']);
    // Whoever takes the fault away has repaired it at once.
    states['api-2'] = 'running';
    expect(await learner.check()).toMatchObject({ phase: 'recover' });
  });

  it('is repaired as soon as it is, once the break was seen', async () => {
    at('observed', 1);
    expect(await learner.check()).toMatchObject({ phase: 'recover' });
  });

  it('is taken up again after its last act, where tasks are left, and not begun anew', async () => {
    at('recovered');
    expect(await learner.start()).toEqual({ resumed: true, outcomes: [] });
    expect(states['api-2']).toBe('stopped');
    expect(currentAct(learner.progress!).phase).toBe('recovered');
  });

  it('keeps what another command wrote while this one looked', async () => {
    at('tasks');
    rulesAreGood = false;
    meanwhile = () => {
      workshop.progress.write(
        changeTask(learner.progress!, 'why', (one) => ({ ...one, attempts: 3, hints: 1 })),
      );
    };
    expect(await learner.check()).toMatchObject({ phase: 'observe', held: true });
    expect(currentAct(learner.progress!).tasks.why).toMatchObject({ attempts: 3, hints: 1 });
    expect(currentAct(learner.progress!).phase).toBe('tasks');
  });

  it('does not bring back what another command has reset', async () => {
    at('broken');
    rulesAreGood = false;
    meanwhile = () => workshop.progress.reset('99-rules');
    await learner.check();
    expect(learner.progress).toBeUndefined();
  });

  it('is done once, when two commands see the end', async () => {
    at('repaired');
    isSteady = true;
    meanwhile = () => workshop.progress.write({ ...learner.progress!, doneAt: '2026-01-01T00:00:00Z' });
    expect(await learner.check()).toMatchObject({ held: true });
    expect(learner.progress?.doneAt).toBe('2026-01-01T00:00:00Z');
    expect(workshop.scores.read('99-rules')).toBeUndefined();
  });

  it('is still broken while the rules are the old ones', async () => {
    at('tasks');
    rulesAreGood = false;
    expect(await learner.check()).toMatchObject({ phase: 'observe', held: true });
    expect(workshop.brokenExercises()).toEqual(['99-rules']);
    expect(states['api-2']).toBe('stopped');
  });
});
