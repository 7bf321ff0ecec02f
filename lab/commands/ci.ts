import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { checkLine, controlLine } from '../exercise/check-line.ts';
import { loadExercise, loadExercises } from '../exercise/load-exercises.ts';
import { type PeakMemory, watchMemory } from '../exercise/memory.ts';
import type { Exercise } from '../exercise/model.ts';
import { combineOutcomes, describeMachine, type ExerciseReport, type RunReport } from '../exercise/report.ts';
import { type RunEvents, runUnattended } from '../exercise/run-unattended.ts';
import { Workshop } from '../exercise/workshop.ts';
import { assertCapable } from '../faults/catalogue.ts';
import { projectRoot } from '../root.ts';
import { acquireLock } from '../state/lock.ts';
import { bootLab } from './boot.ts';

/** The longest that one exercise may take, after which its faults and its traffic end by themselves. */
const budgetSeconds = { lab: 600, real: 1_800 } as const;

/** `ci`: runs exercises from the steady state and back, without a person, and reports. */
export function register(program: Command, context: LabContext): void {
  program
    .command('ci')
    .description('run exercises unattended: the control must fail, the break be seen, decoys be rejected')
    .argument('[ids...]', 'exercises by ID or number, or "all" (default)')
    .option('--report <directory>', 'where report.json, junit.xml and summary.md go', 'report')
    .option('--keep', 'leave a lab running that this command started')
    .action(async (ids: string[], options: { report: string; keep?: boolean }) => {
      const all = ids.length === 0 || ids.includes('all');
      const exercises = all
        ? await loadExercises(projectRoot)
        : await Promise.all([...new Set(ids)].map((id) => loadExercise(projectRoot, id)));
      const directory = resolve(options.report);
      const { prepareReport, writeReport } = await import('../exercise/write-report.ts');
      prepareReport(directory);
      const report = await runAll(context, exercises, { keep: options.keep ?? false });
      writeReport(directory, report);
      context.ui.result(report, () => describeRun(context, report, directory));
      context.exitWith(report.outcome === 'passed' ? 0 : report.outcome === 'failed' ? 1 : 2);
    });
}

async function runAll(
  context: LabContext,
  exercises: readonly Exercise[],
  { keep }: { keep: boolean },
): Promise<RunReport> {
  const startedAt = Date.now();
  const lock = await acquireLock(join(context.paths.base, `.${context.name}.run.lock`), {
    labName: context.name,
    command: 'ci',
    signal: context.signal,
  });
  const reports: ExerciseReport[] = [];
  let peak: PeakMemory = { bytes: 0, byProcess: {} };
  try {
    const runtime = await context.runtime();
    const ranBefore = (await runtime.attach()) !== undefined;
    try {
      const lab = await bootLab(context);
      for (const exercise of exercises) for (const fault of exercise.break) assertCapable(lab, fault);
      const workshop = new Workshop(context, lab);
      const memory = watchMemory(lab, () => workshop.traffic.running()?.pid);
      try {
        for (const exercise of exercises) {
          context.ui.line(`${exercise.id}: ${exercise.title}`);
          const budget = budgetSeconds[lab.pace.name];
          reports.push(await runUnattended(exercise, workshop.unattendedOptions(budget), tell(context)));
          // An unattended run begins and ends with a healthy lab: whoever was at this exercise begins anew.
          workshop.progress.reset(exercise.id);
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
    schemaVersion: 1,
    outcome: combineOutcomes(reports.map((report) => report.outcome)),
    startedAt: new Date(startedAt).toISOString(),
    finishedAt: new Date(finishedAt).toISOString(),
    wallMs: finishedAt - startedAt,
    peakMemoryBytes: peak.bytes,
    peakMemoryByProcess: peak.byProcess,
    machine: describeMachine(),
    exercises: reports,
  };
}

/** Shows a run as it goes: one line a phase, check, task and decoy. */
function tell({ ui }: LabContext): RunEvents {
  return {
    onPhase: (phase, about) => ui.line(`  ${phase}: ${about}`),
    onCheck: (result) =>
      ui.line(`    ${result.phase === 'control' ? controlLine(result) : checkLine(result)}`),
    onTask: (task) => {
      const good = task.solverAccepted === true && task.wrongAnswerRejected === true;
      ui.line(
        `    ${good ? '✓' : '✗'} task ${task.id}: ${good ? `solved with ${task.solution}; wrong answers rejected` : task.problems.join('; ')}`,
      );
    },
    onDecoy: (decoy) => {
      const by = decoy.by
        .map((one) => `${one.check} (${one.observed ?? one.note ?? one.verdict})`)
        .join(', ');
      ui.line(
        `    ${decoy.rejected === true ? '✓' : '✗'} decoy ${decoy.id}: ${decoy.rejected === true ? `rejected by ${by}` : decoy.problems.join('; ')}`,
      );
    },
  };
}

function describeRun({ ui }: LabContext, report: RunReport, directory: string): void {
  ui.line();
  for (const exercise of report.exercises) {
    const { detection } = exercise;
    const detected =
      detection?.actualMs == null
        ? ''
        : `, detected in ${(detection.actualMs / 1000).toFixed(1)} s (limit ${(detection.limitMs / 1000).toFixed(1)} s)`;
    ui.line(`${exercise.outcome === 'passed' ? '✓' : '✗'} ${exercise.id}: ${exercise.outcome}${detected}`);
    for (const problem of exercise.problems) ui.line(`  ${problem}`);
  }
  ui.line(
    `${report.outcome}: ${(report.wallMs / 1000).toFixed(0)} s, at most ${Math.round(report.peakMemoryBytes / 1e6)} MB in all processes together. Report: ${join(directory, 'report.json')}`,
  );
}
