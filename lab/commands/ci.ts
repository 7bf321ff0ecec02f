import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { assertExerciseCapable } from '../exercise/learn/learner.ts';
import { GuideQueries, readGuide } from '../exercise/model/guide.ts';
import { loadExercise, loadExercises } from '../exercise/model/load-exercises.ts';
import type { Exercise } from '../exercise/model/model.ts';
import { assertVaries, parseSeed, unattendedSeed, withSeed } from '../exercise/model/variant.ts';
import { resultLine } from '../exercise/report/check-line.ts';
import {
  combineOutcomes,
  describeMachine,
  type ExerciseReport,
  type ProofCell,
  type RunReport,
  type Succession,
} from '../exercise/report/report.ts';
import type { ActSessionOptions } from '../exercise/run/act-session.ts';
import { describeDetection } from '../exercise/run/detection.ts';
import { activeSilences, leftBehind } from '../exercise/run/left-behind.ts';
import { MachineWatch } from '../exercise/run/machine-watch.ts';
import { type PeakMemory, watchMemory } from '../exercise/run/memory.ts';
import { columnsFor, proveColumn, proveNext } from '../exercise/run/prove.ts';
import { type RunEvents, runUnattended } from '../exercise/run/run-unattended.ts';
import { projectRoot } from '../root.ts';
import { acquireLock } from '../state/lock.ts';
import { Workshop } from '../workshop.ts';
import { bootLab } from './boot.ts';

/** The longest that one exercise may take, after which its faults and its traffic end by themselves. */
const budgetSeconds = { lab: 600, real: 1_800 } as const;

interface CiOptions {
  readonly report: string;
  readonly seed?: number;
  readonly keep?: boolean;
  readonly prove?: boolean;
}

/** `ci`: runs exercises from the steady state and back, without a person, and reports. */
export function register(program: Command, context: LabContext): void {
  program
    .command('ci')
    .description('run exercises unattended: the control must fail, the break be seen, decoys be rejected')
    .argument('[ids...]', 'exercises by ID or number, or "all" (default)')
    .option('--report <directory>', 'where report.json, junit.xml and summary.md go', 'report')
    .option(
      '--seed <number>',
      `which variant, where an exercise has several; default: ${unattendedSeed}`,
      parseSeed,
    )
    .option('--keep', 'leave a lab running that this command started')
    .option(
      '--prove',
      'also run every act without its fault, with it elsewhere, and with foreign faults; try every right version of a file',
    )
    .action(async (ids: string[], options: CiOptions) => {
      const all = ids.length === 0 || ids.includes('all');
      const loaded = all
        ? await loadExercises(projectRoot)
        : await Promise.all([...new Set(ids)].map((id) => loadExercise(projectRoot, id)));
      if (options.seed !== undefined) assertVaries(loaded);
      const exercises = loaded.map((exercise) => withSeed(exercise, options.seed ?? unattendedSeed));
      const directory = resolve(options.report);
      const { prepareReport, writeReport } = await import('../exercise/report/write-report.ts');
      prepareReport(directory);
      const report = await runAll(context, exercises, {
        keep: options.keep ?? false,
        prove: options.prove ?? false,
      });
      writeReport(directory, report);
      context.ui.result(report, () => describeRun(context, report, directory));
      context.exitWith(report.outcome === 'passed' ? 0 : report.outcome === 'failed' ? 1 : 2);
    });
}

async function runAll(
  context: LabContext,
  exercises: readonly Exercise[],
  { keep, prove }: { keep: boolean; prove: boolean },
): Promise<RunReport> {
  const startedAt = Date.now();
  const lock = await acquireLock(context.paths.runLockFile, {
    labName: context.name,
    command: 'ci',
    signal: context.signal,
  });
  const reports: ExerciseReport[] = [];
  const cells: ProofCell[] = [];
  const successions: Succession[] = [];
  let peak: PeakMemory = { bytes: 0, byProcess: {} };
  try {
    const runtime = await context.runtime();
    const ranBefore = (await runtime.attach()) !== undefined;
    try {
      const lab = await bootLab(context);
      for (const exercise of exercises) assertExerciseCapable(lab, exercise);
      const workshop = new Workshop(context, lab);
      const memory = watchMemory(lab, () => workshop.traffic.running()?.pid);
      using machine = new MachineWatch();
      const session = (): ActSessionOptions => ({
        ...workshop.unattendedOptions(budgetSeconds[lab.pace.name]),
        everyRightVersion: prove,
      });
      try {
        for (const exercise of exercises) {
          context.ui.line(`${exercise.id}: ${exercise.title}${playedAs(exercise.played)}`);
          // The windows of their queries are those of the lab's pace.
          const guide = new GuideQueries(lab.pace.name === 'lab' ? readGuide(projectRoot, exercise.id) : []);
          const silences = await activeSilences(workshop);
          const report = await runUnattended(exercise, session(), tell(context), machine, guide);
          reports.push(withLeftovers(report, await leftBehind(workshop, silences)));
          if (!prove) continue;
          for (const next of exercises.filter((one) => one !== exercise)) {
            const succession = await proveNext(exercise, next, session(), machine);
            successions.push(succession);
            context.ui.line(`  ${successionLine(succession)}`);
          }
        }
        // An unattended run begins and ends with a healthy lab: an exercise that a person was at starts over.
        for (const id of workshop.exercisesUnderWay()) workshop.progress.reset(id);
        if (prove) {
          const readers = exercises.flatMap((exercise) => exercise.acts.map((act) => ({ exercise, act })));
          // Also what might have gone wrong in its place: what tells the variants apart has to do so.
          const variants = exercises.flatMap(({ variants = [] }) => variants.flatMap(({ acts }) => acts));
          const columns = columnsFor(readers, variants, lab.pace);
          context.ui.line(`What each act says to a break that is not its own: ${columns.length} breaks`);
          for (const column of columns) {
            context.ui.line(`  given ${column.given}`);
            for (const cell of await proveColumn(column, session(), machine)) {
              cells.push(cell);
              context.ui.line(`    ${cellLine(cell)}`);
            }
          }
        }
      } finally {
        peak = await memory.stop();
      }
    } finally {
      if (!ranBefore && !keep) await runtime.down();
    }
  } finally {
    lock.release();
  }
  const finishedAt = Date.now();
  return {
    schemaVersion: 2,
    outcome: combineOutcomes([...reports, ...cells, ...successions].map((one) => one.outcome)),
    startedAt: new Date(startedAt).toISOString(),
    finishedAt: new Date(finishedAt).toISOString(),
    wallMs: finishedAt - startedAt,
    peakMemoryBytes: peak.bytes,
    peakMemoryByProcess: peak.byProcess,
    machine: describeMachine(),
    exercises: reports,
    ...(prove ? { proof: cells, successions } : {}),
  };
}

/** Shows a run as it goes: one line a phase, check, task and decoy. */
function tell({ ui }: LabContext): RunEvents {
  return {
    onAct: (act) => ui.line(`  Act "${act.title}"`),
    onPhase: (phase, about) => ui.line(`  ${phase}: ${about}`),
    onCheck: (result) => ui.line(`    ${resultLine(result)}`),
    onTask: (task) => {
      const good = task.solverAccepted === true && task.wrongRejected === true;
      for (const right of task.alsoAccepted ?? []) ui.line(`    ✓ task ${task.id}: right as well: ${right}`);
      ui.line(
        `    ${mark(good)} task ${task.id}: ${good ? `solved with ${task.solution}; wrong answers rejected` : task.problems.join('; ')}`,
      );
    },
    onDecoy: (decoy) => {
      const by = decoy.by
        .map((one) => `${one.check} (${one.observed ?? one.note ?? one.verdict})`)
        .join(', ');
      const good = decoy.rejected === true;
      ui.line(
        `    ${mark(good)} decoy ${decoy.id}: ${good ? `rejected by ${by}` : decoy.problems.join('; ')}`,
      );
    },
  };
}

const mark = (good: boolean): string => (good ? '✓' : '✗');

/** Which variant it was, for who reads the run: nobody plays here. */
const playedAs = ({ seed, variant }: { seed?: number; variant?: string } = {}): string =>
  seed === undefined ? '' : ` (seed ${seed}: ${variant})`;

function successionLine({ exercise, after, outcome, ms, problem }: Succession): string {
  const head = `${mark(outcome === 'passed')} ${exercise} after ${after}`;
  return outcome === 'passed'
    ? `${head}: can begin, after ${(ms / 1000).toFixed(1)} s`
    : `${head}: ${outcome}, ${problem}`;
}

/** What an exercise leaves behind is a defect of it, whatever else held. */
function withLeftovers(report: ExerciseReport, left: readonly string[]): ExerciseReport {
  return left.length === 0
    ? report
    : {
        ...report,
        outcome: combineOutcomes([report.outcome, 'failed']),
        problems: [...report.problems, ...left],
      };
}

function cellLine(cell: ProofCell): string {
  const head = `${mark(cell.outcome === 'passed')} ${cell.exercise}/${cell.act}`;
  if (cell.outcome === 'passed') return `${head}: told apart by ${cell.toldApartBy.join(', ')}`;
  if (cell.outcome === 'failed') return `${head}: accepted it, every check passed`;
  return `${head}: could not be measured (${cell.problem ?? 'no reason given'})`;
}

function describeRun({ ui }: LabContext, report: RunReport, directory: string): void {
  ui.line();
  for (const exercise of report.exercises) {
    const detected = exercise.acts.flatMap(({ detection }) =>
      detection?.actualMs == null ? [] : [describeDetection(detection)],
    );
    ui.line(
      `${mark(exercise.outcome === 'passed')} ${[`${exercise.id}: ${exercise.outcome}`, ...detected].join(', ')}${playedAs(exercise)}`,
    );
    for (const problem of [...exercise.acts.flatMap((act) => act.problems), ...exercise.problems])
      ui.line(`  ${problem}`);
  }
  if (report.proof !== undefined) {
    ui.line('What each act says to a break that is not its own:');
    ui.table([
      ['ACT', 'GIVEN', 'TOLD APART BY'],
      ...report.proof.map((cell) => [
        `${cell.exercise}/${cell.act}`,
        cell.given,
        cell.outcome === 'passed' ? cell.toldApartBy.join(', ') : `${cell.outcome.toUpperCase()}`,
      ]),
    ]);
  }
  ui.line(
    `${report.outcome}: ${(report.wallMs / 1000).toFixed(0)} s, at most ${Math.round(report.peakMemoryBytes / 1e6)} MB in all processes together. Report: ${join(directory, 'report.json')}`,
  );
}
