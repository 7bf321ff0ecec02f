import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { paces } from '../../../stack/pace.ts';
import { Changes } from '../../configuration/changes.ts';
import { EventLog } from '../../events/event-log.ts';
import { faultSpec } from '../../faults/catalogue.ts';
import type { FaultSpec } from '../../faults/fault.ts';
import { FaultJournal } from '../../faults/journal.ts';
import { ownedByThisProcess } from '../../faults/ownership.ts';
import type { ComponentState, RunningLab } from '../../runtime/runtime.ts';
import type { Traffic } from '../../traffic/traffic.ts';
import { defineExercise } from '../model/define-exercise.ts';
import { GuideQueries } from '../model/guide.ts';
import type { Act, Check, Decoy, Exercise, FileTask, Invariant, TextTask } from '../model/model.ts';
import { type Progress, ProgressStore } from '../model/progress.ts';
import { withSeed } from '../model/variant.ts';
import { junitXml } from '../report/junit.ts';
import { combineOutcomes, describeMachine, judgeExercise, type RunReport } from '../report/report.ts';
import { summaryMarkdown } from '../report/summary.ts';
import { schemaProblem } from '../report/write-report.ts';
import { checkReading, FakeClock, fakeContext } from '../testing/fake-context.ts';
import type { ActSessionOptions } from './act-session.ts';
import { Lifecycle } from './lifecycle.ts';
import { columnsFor, proveColumn, proveNext, type Reader } from './prove.ts';
import { runUnattended } from './run-unattended.ts';

/**
 * A lab without processes, for the engine alone: the fault stops `api-2`, the checks ask whether it runs and whether
 * anybody sends requests. Its services answer on no port, as stopped ones do.
 */
class World {
  readonly states: Record<string, ComponentState> = {
    'api-1': 'running',
    'api-2': 'running',
    jaeger: 'running',
  };
  readonly files: Record<string, string | undefined> = { 'jaeger/jaeger.yaml': 'own' };
  sending = false;
  readonly lab = {
    kind: 'embedded',
    directory: '/nowhere',
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
    readConfig: (path: string) => this.files[path],
    declaredConfig: (path: string) => (path === 'jaeger/jaeger.yaml' ? 'own' : undefined),
    writeConfig: async (_: string, path: string, content: string | undefined) => {
      this.files[path] = content;
    },
    restart: async () => {},
    overrides: async () => ({}),
    primary: async () => 'postgres-primary',
  } as unknown as RunningLab;
  readonly traffic = {
    start: async () => {
      this.sending = true;
    },
    stop: async () => {
      this.sending = false;
    },
    running: () => (this.sending ? { profile: 'steady' } : undefined),
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

  /** Whether requests are sent at this moment: the decoy stops them. */
  readonly keepComing: Invariant = {
    id: 'keep-coming',
    claim: 'users keep coming',
    pillar: 'traffic',
    query: 'client',
    measure: async () => (this.sending ? 1 : 0),
    expect: { equals: 1, unit: '' },
    violatedBy: 'stop-traffic',
    link: () => 'http://client',
    next: 'look',
  };
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

function options(more: Partial<ActSessionOptions> = {}): ActSessionOptions {
  const context = fakeContext(new FakeClock());
  const events = new EventLog(join(directory, 'events.ndjson'), () => context.clock.now());
  return {
    lab: world.lab,
    observe: context.observe,
    journal,
    traffic: world.traffic,
    events,
    changes: new Changes(join(directory, 'changes.json'), world.lab, events),
    actor: 'ci',
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

const task: TextTask = {
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
  rejectedBy: ['keep-coming'],
  givenSeconds: 3,
};

const restartAnother: Decoy = {
  id: 'restart-another',
  description: 'Start what runs',
  apply: ({ lab }) => lab.start('api-1'),
  undo: async () => {},
  rejectedBy: ['runs-again'],
  givenSeconds: 3,
};

function exercise(more: Partial<Act> = {}, about: Partial<Exercise> = {}): Exercise {
  return defineExercise({
    id: '99-outage',
    title: 'Outage',
    summary: 'One stops.',
    minutes: 1,
    objectives: [],
    pillars: ['metrics'],
    baseline: [world.check('runs', 'running')],
    acts: [
      {
        id: 'stop',
        title: 'Stop',
        summary: 'One has stopped.',
        load: 'steady',
        break: [faultSpec('stop', { target: 'api-2' })],
        observe: [world.check('is-down', 'stopped')],
        invariants: [world.keepComing],
        tasks: [task],
        decoys: [restartAnother, stopTraffic],
        repair: { steps: [{ description: 'Starting it', apply: (context) => context.revert() }] },
        recover: [world.check('runs-again', 'running')],
        ...more,
      },
    ],
    learnings: [],
    ...about,
  });
}

const emptyRun = (): Omit<RunReport, 'exercises'> => ({
  schemaVersion: 2,
  outcome: 'passed',
  startedAt: '2026-01-01T00:00:00Z',
  finishedAt: '2026-01-01T00:00:01Z',
  wallMs: 1000,
  peakMemoryBytes: 1,
  peakMemoryByProcess: { lab: 1 },
  machine: describeMachine(),
});

/** Nothing is left: no fault, no journal entry, no traffic. */
function expectClean(): void {
  expect(world.states['api-2']).toBe('running');
  expect(journal.read().faults).toEqual([]);
  expect(world.sending).toBe(false);
}

describe('an unattended run', () => {
  it('passes when every check was seen failing in one state and passing in the other', async () => {
    const report = await runUnattended(exercise(), options());
    expect(report.problems).toEqual([]);
    const [act] = report.acts;
    expect(act!.problems).toEqual([]);
    expect(report.outcome).toBe('passed');
    expect(act!.checks.map((check) => [check.phase, check.verdict])).toEqual([
      ['baseline', 'passed'],
      ['control', 'failed'],
      ['observe', 'passed'],
      ['recover-control', 'failed'],
      ['recover', 'passed'],
      ['invariant', 'passed'],
    ]);
    expect(act!.proofs).toEqual([
      { check: 'is-down', failedIn: 'control', passedIn: 'observe' },
      { check: 'keep-coming', failedIn: 'decoy stop-traffic', passedIn: 'invariant' },
      { check: 'runs-again', failedIn: 'recover-control', passedIn: 'recover' },
    ]);
    expect(act!.tasks).toMatchObject([
      { id: 'which', wrongRejected: true, solverAccepted: true, solution: 'api-2' },
    ]);
    expect(act!.decoys).toMatchObject([
      { id: 'restart-another', rejected: true, by: [{ check: 'runs-again', verdict: 'failed' }] },
      { id: 'stop-traffic', rejected: true, by: [{ check: 'keep-coming', verdict: 'failed' }] },
    ]);
    expectClean();
  });

  it('notes what happened in the event log', async () => {
    const given = options();
    await runUnattended(exercise(), given);
    const phases = given.events.read({ kinds: ['phase'] }).map((one) => one.details?.phase);
    expect(phases.filter((phase) => phase !== undefined)).toEqual([
      'steady',
      'control',
      'broken',
      'observed',
      'repaired',
      'recovered',
    ]);
    expect(given.events.read({ kinds: ['inject', 'revert'] }).map((one) => one.text)).toEqual([
      'api-2 is stopped',
      'api-2 is stopped',
    ]);
  });

  it('plays the variant of the seed: the report names both, the dashboards do not tell', async () => {
    const { acts } = exercise();
    const other = [{ ...acts[0]!, break: [faultSpec('stop', { target: 'api-2' })] }];
    const varied = exercise(
      {},
      {
        acts,
        variants: [
          { id: 'stopped', acts },
          { id: 'stopped too', acts: other },
        ],
      },
    );
    const marks: string[] = [];
    const grafana = { annotate: async ({ text }: { text: string }) => marks.push(text) };
    const observe = { grafana } as unknown as ActSessionOptions['observe'];
    const report = await runUnattended(withSeed(varied, 4), options({ observe }));
    expect(report).toMatchObject({ outcome: 'passed', seed: 4, variant: 'stopped too' });
    expect(marks).toEqual(['Break: Stop', 'Fix: Starting it']);
    const run = { ...emptyRun(), exercises: [report] };
    expect(schemaProblem(JSON.parse(JSON.stringify(run)))).toBeUndefined();
    expect(summaryMarkdown(run)).toContain(' Seed 4: stopped too.');
    expect(junitXml(run)).toContain('<property name="variant" value="stopped too"/>');

    marks.splice(0);
    const plain = await runUnattended(exercise(), options({ observe }));
    expect([plain.seed, plain.variant]).toEqual([undefined, undefined]);
    expect(marks[0]).toBe('Break: api-2 is stopped');
    const plainRun = { ...emptyRun(), exercises: [plain] };
    expect(summaryMarkdown(plainRun) + junitXml(plainRun)).not.toMatch(/seed/i);
  });

  it('keeps the seed with the progress', () => {
    const { acts } = exercise();
    const varied = exercise({}, { acts, variants: [{ id: 'stopped', acts }] });
    const saved: Progress[] = [];
    const how = { save: (progress: Progress) => saved.push(progress), events: {} };
    Lifecycle.begin(withSeed(varied, 7), options(), how);
    expect(saved[0]?.seed).toBe(7);
    const store = new ProgressStore(directory);
    store.write(saved[0]!);
    expect(store.read(varied.id)?.seed).toBe(7);
  });

  it('goes from act to act, each from the steady state', async () => {
    const [first] = exercise().acts;
    const two = exercise(
      {},
      { acts: [first!, { ...first!, id: 'again', tasks: [{ ...task, id: 'which-again' }] }] },
    );
    const report = await runUnattended(two, options());
    expect(report.acts.map((act) => [act.id, act.checks[0]!.phase])).toEqual([
      ['stop', 'baseline'],
      ['again', 'baseline'],
    ]);
    expect(report.outcome).toBe('passed');
  });

  it('really applies each wrong version of a file, and repairs with a right one', async () => {
    const file = { component: 'jaeger', path: 'jaeger/jaeger.yaml' };
    const applied: unknown[] = [];
    const task: FileTask = {
      kind: 'file',
      id: 'policy',
      prompt: 'write it',
      hints: ['edit it'],
      file,
      verify: async ({ lab }) => {
        applied.push(lab.readConfig(file.path));
        return { accepted: lab.readConfig(file.path) === 'right', because: 'it drops errors' };
      },
      solution: (current) => (current === 'poor' ? 'right' : 'unexpected'),
      how: 'keep errors',
      wrongContents: [{ why: 'it drops all', content: (current) => `${current}, none` }],
    };
    const spec = faultSpec('config-overlay', {
      target: 'jaeger',
      params: { files: { [file.path]: 'poor' } },
    });
    const given = exercise({
      break: [faultSpec('stop', { target: 'api-2' }), spec],
      tasks: [task],
      repair: {
        steps: [{ description: 'Starting it', apply: (context) => context.revert() }],
        done: async ({ lab }) => lab.readConfig(file.path) === 'right',
      },
      recover: [
        {
          ...world.check('runs-again', 'stopped'),
          measure: async () => (world.files[file.path] === 'right' ? 1 : 0),
        },
      ],
      decoys: [{ ...stopTraffic, rejectedBy: ['keep-coming'] }],
    });
    const report = await runUnattended(given, options());
    expect(report.acts[0]!.problems).toEqual([]);
    expect(report.acts[0]!.tasks).toMatchObject([
      { wrongRejected: true, solverAccepted: true, problems: [] },
    ]);
    expect(applied).toEqual(['poor', 'poor, none', 'right']);
    expect(world.files[file.path]).toBe('own');
    expectClean();

    const alsoRight = [
      { how: 'in other words', content: (current: string) => `${current}, improved` },
      { how: 'not at all', content: (current: string) => `${current}, not` },
    ];
    const several: FileTask = {
      ...task,
      verify: async ({ lab }) => ({
        accepted: /right|improved/.test(lab.readConfig(file.path) ?? ''),
        because: 'by what it does',
      }),
      alsoRight,
    };
    const run = { ...given, acts: [{ ...given.acts[0]!, tasks: [several] }] };
    const [without] = (await runUnattended(run, options())).acts[0]!.tasks;
    expect(without).toMatchObject({ solverAccepted: true, problems: [] });
    expect(without).not.toHaveProperty('alsoAccepted');
    const proof = await runUnattended(run, { ...options(), everyRightVersion: true });
    expect(proof.acts[0]!.tasks).toMatchObject([
      {
        wrongRejected: true,
        solverAccepted: false,
        alsoAccepted: ['in other words: by what it does'],
        problems: ['a right version was rejected (not at all): by what it does'],
      },
    ]);
    expect(proof.outcome).toBe('failed');
    expect(world.files[file.path]).toBe('own');

    const lenient = { ...task, verify: async () => ({ accepted: true, because: '' }) };
    const again = await runUnattended(
      { ...given, acts: [{ ...given.acts[0]!, tasks: [lenient] }] },
      options(),
    );
    expect(again.acts[0]!.tasks[0]!.problems).toEqual([
      'it was accepted before anything was done',
      'a wrong version was accepted (it drops all)',
    ]);
  });

  it('begins only when the whole baseline holds at the same moment', async () => {
    // The second reading is the one beside the others: an alert has come meanwhile.
    const wavering = checkReading([1, 0, 1], { id: 'quiet', expect: { equals: 1, unit: '' } });
    const report = await runUnattended(
      exercise({}, { baseline: [world.check('runs', 'running'), wavering] }),
      options(),
    );
    expect(report.acts[0]!.phases.filter((phase) => phase.name === 'baseline')).toHaveLength(1);
    expect(report.outcome).toBe('passed');
    const never = checkReading([1, 0, 1, 0, 1, 0, 1, 0], { id: 'quiet', expect: { equals: 1, unit: '' } });
    const phases: string[] = [];
    await runUnattended(exercise({}, { baseline: [never] }), options(), {
      onPhase: (phase, about) => phases.push(`${phase}: ${about}`),
    });
    expect(phases.filter((one) => one === 'baseline: something changed meanwhile: once more')).toHaveLength(
      3,
    );
  });

  it('does not begin the next act when one has not recovered, and is no pass', async () => {
    const [first] = exercise().acts;
    const never = checkReading([0], { id: 'runs-again', expect: { equals: 1, unit: '' } });
    const two = exercise(
      {},
      {
        acts: [
          { ...first!, recover: [never] },
          { ...first!, id: 'again', tasks: [{ ...task, id: 'other' }] },
        ],
      },
    );
    const report = await runUnattended(two, options());
    expect(report.acts.map((act) => act.id)).toEqual(['stop']);
    expect(report.outcome).toBe('failed');
    expect(judgeExercise({ acts: [], problems: [] }, 1)).toBe('failed');
    expectClean();
  });

  it('fails without its fault, and names the check with observed and expected', async () => {
    const report = await runUnattended(exercise(), options({ faultsDisabled: true }));
    expect(report.outcome).toBe('failed');
    const [act] = report.acts;
    expect(act!.checks.find((check) => check.phase === 'observe')).toMatchObject({
      verdict: 'failed',
      observed: '0',
      expected: 'exactly 1',
    });
    expect(act!.tasks[0]).toMatchObject({ solverAccepted: null });
    expect(act!.checks.some((check) => check.phase === 'recover')).toBe(true);
    expectClean();
  });

  it('fails when a check passes its control, and breaks nothing', async () => {
    const always = checkReading([540], { id: 'always' });
    const report = await runUnattended(exercise({ observe: [always] }), options());
    expect(report.outcome).toBe('failed');
    expect(report.acts[0]!.problems).toEqual([
      'a check did not fail its control, so that passing later would prove nothing',
    ]);
    expect(report.acts[0]!.phases.some((phase) => phase.name === 'break')).toBe(false);
    expectClean();
  });

  it('is an error when a control cannot be measured', async () => {
    const blind = checkReading([undefined], { id: 'blind' });
    expect((await runUnattended(exercise({ observe: [blind] }), options())).outcome).toBe('error');
  });

  it('fails when a check of the recovery passes on the broken system', async () => {
    const always = checkReading([540], { id: 'always-well' });
    const report = await runUnattended(
      exercise({ recover: [world.check('runs-again', 'running'), always] }),
      options(),
    );
    expect(report.outcome).toBe('failed');
    expect(report.acts[0]!.problems).toEqual([
      'a check of the recovery did not fail on the broken system, so that it proves no repair',
    ]);
    expect(report.acts[0]!.proofs).toContainEqual({
      check: 'always-well',
      failedIn: null,
      passedIn: 'recover',
    });
  });

  it('fails when an invariant is not violated by its decoy', async () => {
    const report = await runUnattended(
      exercise({ invariants: [{ ...world.keepComing, measure: async () => 1 }] }),
      options(),
    );
    expect(report).toMatchObject({ outcome: 'failed', acts: [{ decoys: [{}, { rejected: false }] }] });
    expect(report.acts[0]!.decoys[1]!.problems).toEqual(['keep-coming accepted it (observed 1)']);
  });

  it('fails when an invariant did not hold over the act', async () => {
    let measured = 0;
    const broken = {
      ...world.keepComing,
      measure: async () => {
        measured += 1;
        return measured === 1 && world.sending ? 1 : 0;
      },
    };
    const report = await runUnattended(exercise({ invariants: [broken] }), options());
    expect(report.acts[0]!.checks.at(-1)).toMatchObject({ phase: 'invariant', verdict: 'failed' });
    expect(report.outcome).toBe('failed');
  });

  it('is an error, never a rejected decoy, when a decoy could not be measured', async () => {
    const blindly = { ...stopTraffic, rejectedBy: ['keep-coming', 'runs-again'] };
    const report = await runUnattended(exercise({ decoys: [restartAnother, blindly] }), options());
    expect(report).toMatchObject({
      outcome: 'error',
      acts: [{ decoys: [{ rejected: true }, { rejected: null }] }],
    });
    expect(report.acts[0]!.decoys[1]!.problems).toEqual([
      'runs-again could not be measured (no evidence: requests are none)',
    ]);
  });

  it('fails when a wrong answer is accepted', async () => {
    const gullible: TextTask = { ...task, verify: async () => ({ accepted: true, because: 'why not' }) };
    const report = await runUnattended(exercise({ tasks: [gullible] }), options());
    expect(report).toMatchObject({ outcome: 'failed', acts: [{ tasks: [{ wrongRejected: false }] }] });
    expect(report.acts[0]!.tasks[0]!.problems).toEqual(['the wrong answer "api-1" was accepted (it runs)']);
  });

  it('fails when a task cannot be solved', async () => {
    const hopeless: TextTask = {
      ...task,
      solve: async () => {
        throw new Error('no data');
      },
    };
    const report = await runUnattended(exercise({ tasks: [hopeless] }), options());
    expect(report).toMatchObject({
      outcome: 'failed',
      acts: [{ tasks: [{ solverAccepted: false, problems: ['it could not be solved: no data'] }] }],
    });
  });

  it('repairs by the action that the act asks for, which has to be rejected before it is done', async () => {
    const action = {
      id: 'bring-it-back',
      prompt: 'Bring it back.',
      kind: 'action' as const,
      hints: ['Start it.'],
      how: 'start api-2',
      act: ({ lab }: { lab: RunningLab }) => lab.start('api-2'),
      verify: async () => ({ accepted: world.states['api-2'] === 'running', because: 'it runs' }),
    };
    const report = await runUnattended(exercise({ tasks: [task, action] }), options());
    expect(report.acts[0]!.tasks[1]).toMatchObject({ wrongRejected: true, solverAccepted: true });
    expect(report.outcome).toBe('passed');
    const idle = { ...action, act: async () => {} };
    const undone = await runUnattended(exercise({ tasks: [task, idle] }), options());
    expect(undone.acts[0]!.tasks[1]).toMatchObject({ wrongRejected: true, solverAccepted: false });
    expect(undone.acts[0]!.problems).toEqual(['the repair (start api-2) did not repair it within 60 s']);
    expect(undone.outcome).toBe('failed');
    expectClean();
  });

  it('has what is to be done after the repair done then, and rejected before', async () => {
    let written: string | undefined;
    const afterwards = {
      id: 'write-it-down',
      prompt: 'Write it down.',
      kind: 'action' as const,
      when: 'repaired' as const,
      hints: ['Write.'],
      how: 'write',
      act: async () => {
        written = world.states['api-2'];
      },
      verify: async () => ({ accepted: written === 'running', because: 'it says what was' }),
    };
    const report = await runUnattended(exercise({ tasks: [task, afterwards] }), options());
    expect(report.acts[0]!.tasks[1]).toMatchObject({ wrongRejected: true, solverAccepted: true });
    expect(report.outcome).toBe('passed');
    written = undefined;
    const idle = { ...afterwards, act: async () => {} };
    const undone = await runUnattended(exercise({ tasks: [task, idle] }), options());
    expect(undone.outcome).toBe('failed');
    expectClean();
  });

  it('is no pass when a query of the guide finds nothing', async () => {
    const guide = new GuideQueries(['nothing']);
    guide.ask = async () => {};
    const report = await runUnattended(exercise(), options(), {}, { samples: [] }, guide);
    expect(report.acts[0]!.problems).toEqual(['a query of the guide found nothing: nothing']);
    expect(report.outcome).toBe('error');
  });

  it('fails when a repair is none', async () => {
    const none = { steps: [{ description: 'Waiting', apply: async () => {} }] };
    const report = await runUnattended(exercise({ repair: none }), options());
    expect(report.outcome).toBe('failed');
    expect(report.acts[0]!.problems).toEqual(['the repair (Waiting) did not repair it within 60 s']);
    expectClean();
  });

  it('waits until a decoy can be judged, no longer than needed and no longer than it may', async () => {
    let stoppedSince = 0;
    const patient = (afterMs: number) => {
      const given = options();
      const violated: Invariant = {
        ...world.keepComing,
        // Users are harmed some seconds after the decoy has begun; before, there is nothing to judge.
        measure: async () => {
          if (world.sending) return 1;
          stoppedSince ||= given.clock.now();
          return given.clock.now() - stoppedSince < afterMs ? undefined : 0;
        },
      };
      stoppedSince = 0;
      const act = {
        invariants: [violated],
        decoys: [{ ...stopTraffic, judgedWithinSeconds: 60 }],
      };
      return runUnattended(exercise(act), given);
    };
    const soon = (await patient(20_000)).acts[0]!;
    expect(soon.decoys).toMatchObject([{ rejected: true }]);
    const took = soon.phases.find(({ name }) => name === 'decoy stop-traffic')!.ms;
    expect(took).toBeGreaterThanOrEqual(23_000);
    expect(took).toBeLessThan(26_000);
    const never = (await patient(600_000)).acts[0]!;
    expect(never.decoys).toMatchObject([{ rejected: null }]);
    expect(never.phases.find(({ name }) => name === 'decoy stop-traffic')!.ms).toBeLessThan(66_000);
  });

  it('does not take the one failure among many looks at a decoy for its rejection', async () => {
    let looks = 0;
    const flapping: Invariant = {
      ...world.keepComing,
      measure: async () => (world.sending ? 1 : ++looks % 3 === 0 ? 0 : 1),
    };
    const report = await runUnattended(
      exercise({ invariants: [flapping], decoys: [{ ...stopTraffic, judgedWithinSeconds: 10 }] }),
      options(),
    );
    expect(report.acts[0]!.decoys).toMatchObject([{ rejected: false }]);
    expect(looks).toBeGreaterThan(10);
  });

  it('judges a decoy by what happens once it is in force, not while it is being applied', async () => {
    const pages: number[] = [];
    const given = options();
    const silencing: Decoy = {
      ...stopTraffic,
      async apply(context) {
        await given.clock.sleep(1_000, given.signal);
        pages.push(given.clock.now()); // The old routes still tell.
        await given.clock.sleep(1_000, given.signal);
        await context.stopTraffic();
      },
    };
    const told: Invariant = {
      ...world.keepComing,
      measure: async ({ timeline }) =>
        world.sending || pages.some((at) => at >= timeline.repairedAtMs!) ? 1 : 0,
    };
    const report = await runUnattended(exercise({ invariants: [told], decoys: [silencing] }), given);
    expect(pages).not.toEqual([]);
    expect(report.acts[0]!.decoys).toMatchObject([{ rejected: true }]);
  });

  it('does not wait again, after a decoy, for what counts up from the break', async () => {
    const asked: string[] = [];
    const counted = (seenOnce: boolean): Check => ({
      ...world.check('is-down', 'stopped'),
      id: 'many-seen',
      seenOnce,
      measure: async ({ timeline }) => {
        asked.push(timeline.brokenAtMs === undefined ? 'well' : 'broken');
        return world.states['api-2'] === 'stopped' ? 1 : 0;
      },
    });
    const times = async (seenOnce: boolean): Promise<number> => {
      asked.length = 0;
      const observe = [world.check('is-down', 'stopped'), counted(seenOnce)];
      expect((await runUnattended(exercise({ observe }), options())).outcome).toBe('passed');
      return asked.filter((one) => one === 'broken').length;
    };
    expect(await times(true)).toBe(1);
    expect(await times(false)).toBe(3);
  });

  it('fails when a decoy is accepted, undoes it, and breaks again what it has repaired', async () => {
    const repair: Decoy = {
      ...restartAnother,
      id: 'real-repair',
      apply: ({ lab }) => lab.start('api-2'),
    };
    const report = await runUnattended(exercise({ decoys: [repair, stopTraffic] }), options());
    expect(report).toMatchObject({
      outcome: 'failed',
      acts: [{ decoys: [{ rejected: false, by: [] }, {}] }],
    });
    expect(report.acts[0]!.decoys[0]!.problems).toEqual(['runs-again accepted it (observed 1)']);
    expect(report.acts[0]!.decoys[1]!.rejected).toBe(true);
    expectClean();
  });

  it('reports what broke the run off, and cleans up', async () => {
    const steps = [
      {
        description: 'Nothing',
        apply: async () => {
          throw new Error('no way');
        },
      },
    ];
    const report = await runUnattended(exercise({ repair: { steps } }), options());
    expect(report).toMatchObject({ outcome: 'error', problems: ['no way'], acts: [{ id: 'stop' }] });
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
    const whole = exercise({ decoys: [{ ...restartAnother, apply: async () => {} }, stopTraffic] });
    await expect(runUnattended(whole, options())).rejects.toMatchObject({
      code: 'LAB_FAULT_NOT_REVERTED',
      exitCode: 3,
    });
    expect(journal.read().faults).toHaveLength(1);
    expect(world.sending).toBe(false);
  });

  it('says "could not be measured" and not "failed" where the machine was starved, with the figures', async () => {
    const given = options({ faultsDisabled: true });
    const samples = Array.from({ length: 4_000 }, (_, index) => ({
      atMs: given.clock.now() - 100_000 + index * 500,
      lengthMs: 500,
      lagMs: 900,
      cpuPressure: 0.95,
    }));
    const report = await runUnattended(exercise(), given, {}, { samples });
    expect(report.outcome).toBe('error');
    expect(report.acts[0]!.checks.find((check) => check.phase === 'observe')).toMatchObject({
      verdict: 'error',
      note: expect.stringMatching(/^the machine was starved for [\d.]+ of [\d.]+ s .* measured failed, 0$/),
    });
    expect(report.machine.starvedMs).toBeGreaterThan(0);
    const idle = samples.map((sample) => ({ ...sample, lagMs: 5, cpuPressure: 0.1 }));
    expect((await runUnattended(exercise(), given, {}, { samples: idle })).outcome).toBe('failed');
  });

  it('writes a report that meets its schema, as JSON, JUnit and Markdown', async () => {
    const passed = await runUnattended(exercise(), options());
    world = new World();
    const failed = await runUnattended(exercise(), options({ faultsDisabled: true }));
    const report: RunReport = {
      schemaVersion: 2,
      outcome: combineOutcomes([passed.outcome, failed.outcome]),
      startedAt: passed.startedAt,
      finishedAt: failed.startedAt,
      wallMs: 1000,
      peakMemoryBytes: 1,
      peakMemoryByProcess: { lab: 1 },
      machine: describeMachine(),
      exercises: [passed, { ...failed, problems: ['a < b & "c" \u0001'] }],
      proof: [
        {
          exercise: '99-outage',
          act: 'stop',
          given: 'no fault',
          outcome: 'passed',
          toldApartBy: ['is-down'],
          fooled: [],
        },
      ],
      successions: [
        { exercise: '98-next', after: '99-outage', outcome: 'failed', ms: 5, problem: 'runs (0)' },
      ],
    };
    expect(report.outcome).toBe('failed');
    expect(schemaProblem(JSON.parse(JSON.stringify(report)))).toBeUndefined();
    expect(schemaProblem({ ...report, exercises: [] })).toBe('/exercises must NOT have fewer than 1 items');
    expect(schemaProblem({ ...report, startedAt: 'yesterday' })).toContain('/startedAt');
    const xml = junitXml(report);
    expect(xml).toContain('<testcase classname="99-outage.stop.control" name="api-2 is stopped"');
    expect(xml).toContain('<failure message="✗ api-2 is stopped: observed 0, expected exactly 1 within 5 s.');
    expect(xml).toContain('a &lt; b &amp; &quot;c&quot; "/>');
    expect(summaryMarkdown(report)).toContain('| ✗ | observe | api-2 is stopped | 0 | exactly 1 |');
    expect(summaryMarkdown(report)).toContain('| is-down | control | observe |');
  });
});

describe('proving acts with a break that is not their own', () => {
  const other = (more: Partial<Act> = {}): Exercise =>
    exercise({ observe: [world.check('hangs', 'paused')], ...more }, { id: '98-other' });
  const reader = (whole: Exercise): Reader => ({ exercise: whole, act: whole.acts[0]! });
  const prove = (faults: readonly FaultSpec[], ...readers: Exercise[]) =>
    proveColumn({ given: 'something', faults, readers: readers.map(reader) }, options(), { samples: [] });

  it('tells them apart by the checks that were measured failing', async () => {
    expect(await prove([], exercise())).toMatchObject([{ outcome: 'passed', toldApartBy: ['is-down'] }]);
    expectClean();
  });

  it('fails where the evidence accepts it', async () => {
    const blunt = exercise({
      observe: [{ ...world.check('is-down', 'stopped'), measure: async () => 1 }],
    });
    expect(await prove([], blunt)).toMatchObject([{ outcome: 'failed', fooled: ['is-down'] }]);
    expectClean();
  });

  it('breaks once, and asks every act about it', async () => {
    let stops = 0;
    const { stop } = world.lab;
    world.lab.stop = async (id) => {
      stops++;
      await stop.call(world.lab, id);
    };
    const alike = other({ observe: [world.check('is-down-too', 'stopped')] });
    const cells = await prove([faultSpec('stop', { target: 'api-2' })], other(), alike);
    expect(cells.map(({ exercise: id, outcome, toldApartBy }) => [id, outcome, toldApartBy])).toEqual([
      ['98-other', 'passed', ['hangs']],
      ['98-other', 'failed', []],
    ]);
    expect(stops).toBe(1);
    expectClean();
  });

  it('does not judge an act whose own baseline does not hold, and judges the others', async () => {
    const never = { ...other(), baseline: [world.check('never', 'stopped')] };
    expect(await prove([], exercise(), never)).toMatchObject([
      { outcome: 'passed' },
      { outcome: 'error', problem: 'the baseline did not hold' },
    ]);
    expectClean();
  });

  it('heals the lab when a break does not take', async () => {
    world.lab.stop = async () => {};
    expect(await prove([faultSpec('stop', { target: 'api-2' })], exercise(), other())).toMatchObject([
      { outcome: 'error', problem: expect.stringContaining('api-2') },
      { outcome: 'error', problem: expect.stringContaining('api-2') },
    ]);
    expectClean();
  });

  it('tries no fault, the fault elsewhere, and the faults of other acts; each once, under the load of its acts', () => {
    const variant = { ...other().acts[0]!, break: [faultSpec('pause', { target: 'api-2' })] };
    const readers = [exercise(), other({ break: variant.break }), other({ load: 'light' })].map(reader);
    const given = columnsFor(readers, [variant], paces.lab).map((column) => [
      column.given,
      ...column.readers.map((one) => readers.indexOf(one)),
    ]);
    expect(given).toEqual([
      ['no fault', 0, 1],
      ['api-1 is stopped', 0],
      ['api-2 hangs', 0],
      ['api-1 hangs', 1],
      ['api-2 is stopped', 1],
      ['no fault', 2],
      ['api-1 is stopped', 2],
      ['api-2 hangs', 2],
    ]);
  });
});

describe('beginning where another exercise has just ended', () => {
  const next = () => proveNext(exercise(), exercise({}, { id: '98-next' }), options(), { samples: [] });

  it('passes when the whole baseline holds, and leaves no load', async () => {
    expect(await next()).toMatchObject({ exercise: '98-next', after: '99-outage', outcome: 'passed' });
    expectClean();
  });

  it('fails, and names what does not hold, when something was left', async () => {
    world.states['api-2'] = 'stopped';
    expect(await next()).toMatchObject({
      outcome: 'failed',
      problem: 'its baseline does not hold: runs (0)',
    });
    expect(world.sending).toBe(false);
  });
});

describe('the outcome', () => {
  it('is never passed when nothing was checked', () => {
    expect(judgeExercise({ acts: [], problems: [] }, 1)).toBe('failed');
    expect(combineOutcomes([])).toBe('failed');
  });

  it('is failed rather than error when both occur', () => {
    expect(combineOutcomes(['passed', 'error'])).toBe('error');
    expect(combineOutcomes(['error', 'failed', 'passed'])).toBe('failed');
  });
});

describe('defineExercise', () => {
  it.each<[string, () => Exercise, string]>([
    ['no acts', () => exercise({}, { acts: [] }), 'it has no acts'],
    ['no control', () => exercise({ observe: [] }), 'act stop: it has no observe checks'],
    [
      'an unknown judge',
      () => exercise({ decoys: [{ ...stopTraffic, rejectedBy: ['nobody'] }] }),
      'decoy stop-traffic names nobody, which is neither a recover check nor an invariant',
    ],
    [
      'an invariant without its decoy',
      () => exercise({ decoys: [restartAnother] }),
      'invariant keep-coming names the decoy stop-traffic, which does not exist',
    ],
    [
      'an invariant that its decoy is not judged by',
      () => exercise({ decoys: [{ ...stopTraffic, rejectedBy: ['runs-again'] }] }),
      'decoy stop-traffic is not rejected by the invariant keep-coming',
    ],
    [
      'no hint',
      () => exercise({ tasks: [{ ...task, hints: [] }] }),
      'task which has 0 hints, 1 to 3 are wanted',
    ],
    [
      'no wrong answer',
      () => exercise({ tasks: [{ ...task, wrongAnswers: [] }] }),
      'task which names no wrong answer',
    ],
    ['no decoys', () => exercise({ decoys: [], invariants: [world.keepComing] }), 'it has no decoys'],
    [
      'two checks of a name',
      () => exercise({ recover: [world.check('is-down', 'running')] }),
      'two checks are called is-down',
    ],
    ['a bad ID', () => exercise({}, { id: 'outage' }), 'its id must look like 01-some-name'],
  ])('refuses %s', (_, make, problem) => {
    expect(make).toThrow(problem);
  });
});
