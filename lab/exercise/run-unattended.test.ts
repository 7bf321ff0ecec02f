import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { paces } from '../../stack/pace.ts';
import { faultSpec } from '../faults/catalogue.ts';
import { FaultJournal } from '../faults/journal.ts';
import { ownedByThisProcess } from '../faults/leftovers.ts';
import type { ComponentState, RunningLab } from '../runtime/runtime.ts';
import type { Traffic } from '../traffic/traffic.ts';
import { defineExercise } from './define-exercise.ts';
import { junitXml } from './junit.ts';
import type { Check, Decoy, Exercise, Task } from './model.ts';
import {
  combineOutcomes,
  describeMachine,
  type ExerciseReport,
  judgeExercise,
  type RunReport,
} from './report.ts';
import { runUnattended } from './run-unattended.ts';
import type { SessionOptions } from './session.ts';
import { summaryMarkdown } from './summary.ts';
import { checkReading, FakeClock, fakeContext } from './testing/fake-context.ts';
import { schemaProblem } from './write-report.ts';

/**
 * A lab without processes, for the engine alone: the fault stops `api-2`, the checks ask whether it runs and whether
 * anybody sends requests. Its services answer on no port, as stopped ones do.
 */
class World {
  readonly states: Record<string, ComponentState> = { 'api-1': 'running', 'api-2': 'running' };
  sending = false;
  readonly lab = {
    kind: 'embedded',
    pace: paces.lab,
    capabilities: new Set(['stop']),
    token: 't',
    address: () => ({ host: '127.0.0.1', port: 1, url: 'http://127.0.0.1:1' }),
    status: async () => Object.entries(this.states).map(([id, state]) => ({ id, state, ready: true })),
    stop: async (id: string) => {
      this.states[id] = 'stopped';
    },
    start: async (id: string) => {
      this.states[id] = 'running';
    },
  } as unknown as RunningLab;
  readonly traffic = {
    start: async () => {
      this.sending = true;
    },
    stop: async () => {
      this.sending = false;
    },
    tally: () => undefined,
  } as unknown as Traffic;

  check(id: string, state: ComponentState): Check {
    return checkReading([], {
      id,
      claim: `api-2 is ${state}`,
      measure: async () => (this.states['api-2'] === state ? 1 : 0),
      guard: { what: 'requests', measure: async () => (this.sending ? 1 : 0) },
      expect: { equals: 1, unit: '' },
      withinSeconds: 5,
    });
  }
}

let world: World;
let directory: string;
let journal: FaultJournal;
beforeEach(() => {
  world = new World();
  directory = mkdtempSync(join(tmpdir(), 'unattended-'));
  journal = new FaultJournal(join(directory, 'faults.json'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function options(more: Partial<SessionOptions> = {}): SessionOptions {
  const context = fakeContext(new FakeClock());
  return {
    lab: world.lab,
    observe: context.observe,
    journal,
    traffic: world.traffic,
    clock: context.clock,
    signal: context.signal,
    owner: ownedByThisProcess(),
    faultTtlMs: 60_000,
    trafficOptions: { durationSeconds: 60, tied: true },
    faultsDisabled: false,
    note: () => {},
    ...more,
  };
}

const task: Task = {
  id: 'which',
  prompt: 'Which one?',
  kind: 'choice',
  choices: ['api-1', 'api-2'],
  hints: ['Look.'],
  verify: async (answer) => ({ accepted: answer === 'api-2', because: 'it is so' }),
  solve: async () => 'api-2',
  wrongAnswers: [{ answer: 'api-1', why: 'it runs' }],
};

const stopTraffic: Decoy = {
  id: 'stop-traffic',
  description: 'Stop the traffic',
  apply: (context) => context.stopTraffic(),
  undo: (context) => context.startTraffic(),
  judgedBy: 'recover',
  rejectedBy: ['runs-again'],
  givenSeconds: 3,
};

function exercise(more: Partial<Exercise> = {}): Exercise {
  return defineExercise({
    id: '99-outage',
    title: 'Outage',
    summary: 'One stops.',
    minutes: 1,
    objectives: [],
    pillars: ['metrics'],
    traffic: { profile: 'steady' },
    baseline: [world.check('runs', 'running')],
    break: [faultSpec('stop', { target: 'api-2' })],
    observe: [world.check('is-down', 'stopped')],
    tasks: [task],
    decoys: [stopTraffic],
    fix: [{ description: 'Starting it', apply: (context) => context.revert() }],
    recover: [world.check('runs-again', 'running')],
    learnings: [],
    ...more,
  });
}

/** Nothing is left: no fault, no journal entry, no traffic. */
function expectClean(): void {
  expect(world.states['api-2']).toBe('running');
  expect(journal.read().faults).toEqual([]);
  expect(world.sending).toBe(false);
}

describe('an unattended run', () => {
  it('passes when control, break, tasks, decoys and recovery are as they should be', async () => {
    const report = await runUnattended(exercise(), options());
    expect(report.problems).toEqual([]);
    expect(report.outcome).toBe('passed');
    expect(report.checks.map((check) => [check.phase, check.verdict])).toEqual([
      ['baseline', 'passed'],
      ['control', 'failed'],
      ['observe', 'passed'],
      ['recover', 'passed'],
    ]);
    expect(report.tasks).toMatchObject([
      { id: 'which', wrongAnswerRejected: true, solverAccepted: true, solution: 'api-2' },
    ]);
    expect(report.decoys).toMatchObject([
      { id: 'stop-traffic', rejected: true, by: [{ check: 'runs-again', verdict: 'error' }] },
    ]);
    expect(report.phases.map((phase) => phase.name)).toEqual([
      'heal',
      'traffic',
      'baseline',
      'control',
      'break',
      'observe',
      'tasks',
      'decoys',
      'fix',
      'recover',
    ]);
    expectClean();
  });

  it('fails without its fault, and names the check with observed and expected', async () => {
    const report = await runUnattended(exercise(), options({ faultsDisabled: true }));
    expect(report.outcome).toBe('failed');
    expect(report.checks.find((check) => check.phase === 'observe')).toMatchObject({
      verdict: 'failed',
      observed: '0',
      expected: 'exactly 1',
    });
    expect(report.tasks[0]).toMatchObject({ solverAccepted: null });
    expect(report.checks.some((check) => check.phase === 'recover')).toBe(true);
    expectClean();
  });

  it('fails when a check passes its control, and breaks nothing', async () => {
    const always = checkReading([540], { id: 'always' });
    const report = await runUnattended(exercise({ observe: [always] }), options());
    expect(report.outcome).toBe('failed');
    expect(report.problems).toEqual([
      'a check did not fail its control, so that passing later would prove nothing',
    ]);
    expect(report.phases.some((phase) => phase.name === 'break')).toBe(false);
    expectClean();
  });

  it('is an error when a control cannot be measured', async () => {
    const blind = checkReading([undefined], { id: 'blind' });
    expect((await runUnattended(exercise({ observe: [blind] }), options())).outcome).toBe('error');
  });

  it('fails when a wrong answer is accepted', async () => {
    const gullible: Task = { ...task, verify: async () => ({ accepted: true, because: 'why not' }) };
    const report = await runUnattended(exercise({ tasks: [gullible] }), options());
    expect(report).toMatchObject({ outcome: 'failed', tasks: [{ wrongAnswerRejected: false }] });
    expect(report.tasks[0]!.problems).toEqual(['the wrong answer "api-1" was accepted (it runs)']);
  });

  it('fails when a task cannot be solved', async () => {
    const hopeless: Task = {
      ...task,
      solve: async () => {
        throw new Error('no data');
      },
    };
    const report = await runUnattended(exercise({ tasks: [hopeless] }), options());
    expect(report).toMatchObject({
      outcome: 'failed',
      tasks: [{ solverAccepted: false, problems: ['it could not be solved: no data'] }],
    });
  });

  it('fails when a decoy is accepted, and undoes it', async () => {
    const repair: Decoy = {
      ...stopTraffic,
      id: 'real-repair',
      apply: ({ lab }) => lab.start('api-2'),
      undo: ({ lab }) => lab.stop('api-2'),
    };
    const report = await runUnattended(exercise({ decoys: [repair] }), options());
    expect(report).toMatchObject({ outcome: 'failed', decoys: [{ rejected: false, by: [] }] });
    expect(report.decoys[0]!.problems).toEqual(['runs-again accepted it (observed 1)']);
    expectClean();
  });

  it('reports what broke the run off, and cleans up', async () => {
    const report = await runUnattended(
      exercise({
        fix: [
          {
            description: 'Nothing',
            apply: async () => {
              throw new Error('no way');
            },
          },
        ],
      }),
      options(),
    );
    expect(report).toMatchObject({ outcome: 'error', problems: ['no way'] });
    expectClean();
  });

  it('cleans up when it is interrupted, and throws what interrupted it', async () => {
    const interruption = new AbortController();
    const interrupting = checkReading([], {
      id: 'interrupting',
      measure: async () => {
        if (world.states['api-2'] === 'running') return 0;
        interruption.abort(new Error('Interrupted.'));
        return 0;
      },
    });
    await expect(
      runUnattended(exercise({ observe: [interrupting] }), options({ signal: interruption.signal })),
    ).rejects.toThrow('Interrupted.');
    expectClean();
  });

  it('throws LAB_FAULT_NOT_REVERTED when a fault stays', async () => {
    (world.lab as { start: unknown }).start = async () => {
      throw new Error('it does not start');
    };
    await expect(runUnattended(exercise(), options())).rejects.toMatchObject({
      code: 'LAB_FAULT_NOT_REVERTED',
      exitCode: 3,
    });
    expect(journal.read().faults).toHaveLength(1);
    expect(world.sending).toBe(false);
  });

  it('writes a report that meets its schema, as JSON, JUnit and Markdown', async () => {
    const passed = await runUnattended(exercise(), options());
    world = new World();
    const failed = await runUnattended(exercise(), options({ faultsDisabled: true }));
    const report: RunReport = {
      schemaVersion: 1,
      outcome: combineOutcomes([passed.outcome, failed.outcome]),
      startedAt: passed.startedAt,
      finishedAt: failed.startedAt,
      wallMs: 1000,
      peakMemoryBytes: 1,
      peakMemoryByProcess: { lab: 1 },
      machine: describeMachine(),
      exercises: [passed, { ...failed, problems: ['a < b & "c" \u0001'] }],
    };
    expect(report.outcome).toBe('failed');
    expect(schemaProblem(JSON.parse(JSON.stringify(report)))).toBeUndefined();
    expect(schemaProblem({ ...report, exercises: [] })).toBe('/exercises must NOT have fewer than 1 items');
    expect(schemaProblem({ ...report, startedAt: 'yesterday' })).toContain('/startedAt');
    const xml = junitXml(report);
    expect(xml).toContain('<testcase classname="99-outage.control" name="api-2 is stopped"');
    expect(xml).toContain('<failure message="✗ api-2 is stopped: observed 0, expected exactly 1 within 5 s.');
    expect(xml).toContain('a &lt; b &amp; &quot;c&quot; "/>');
    expect(summaryMarkdown(report)).toContain('| ✗ | observe | api-2 is stopped | 0 | exactly 1 |');
  });
});

describe('the outcome', () => {
  const sound: Pick<ExerciseReport, 'checks' | 'tasks' | 'decoys' | 'problems'> = {
    checks: [],
    tasks: [],
    decoys: [],
    problems: [],
  };

  it('is never passed when nothing was checked', () => {
    expect(judgeExercise(sound)).toBe('error');
    expect(combineOutcomes([])).toBe('failed');
  });

  it('is failed rather than error when both occur', () => {
    expect(combineOutcomes(['passed', 'error'])).toBe('error');
    expect(combineOutcomes(['error', 'failed', 'passed'])).toBe('failed');
  });
});

describe('defineExercise', () => {
  it.each<[string, () => Partial<Exercise>, string]>([
    [
      'no control',
      () => ({ observe: [{ ...world.check('x', 'running'), invariant: ['observe'] }] }),
      'no observe check that could fail its control',
    ],
    [
      'an unknown judge',
      () => ({ decoys: [{ ...stopTraffic, rejectedBy: ['nobody'] }] }),
      'names the recover check nobody, which does not exist',
    ],
    ['no hint', () => ({ tasks: [{ ...task, hints: [] }] }), 'task which has 0 hints, 1 to 3 are wanted'],
    [
      'no wrong answer',
      () => ({ tasks: [{ ...task, wrongAnswers: [] }] }),
      'task which names no wrong answer',
    ],
    ['no decoys', () => ({ decoys: [] }), 'it has no decoys'],
    [
      'two checks of a name',
      () => ({ recover: [world.check('runs-again', 'running'), world.check('runs-again', 'running')] }),
      'two recover checks are called runs-again',
    ],
    ['a bad ID', () => ({ id: 'outage' }), 'its id must look like 01-some-name'],
  ])('refuses %s', (_, change, problem) => {
    expect(() => exercise(change())).toThrow(problem);
  });
});
