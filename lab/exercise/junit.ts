import { checkLine, controlLine } from './check-line.ts';
import type { ExerciseReport, RunReport } from './report.ts';

interface Case {
  readonly name: string;
  readonly group: string;
  readonly seconds: number;
  readonly problem?: { readonly kind: 'failure' | 'error' | 'skipped'; readonly message: string };
}

/** The run as JUnit XML: one suite an exercise, one case a check, task and decoy. */
export function junitXml(report: RunReport): string {
  const suites = report.exercises.map((exercise) => suiteXml(exercise));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="break-and-observe" time="${seconds(report.wallMs)}">\n${suites.join('\n')}\n</testsuites>\n`;
}

function suiteXml(exercise: ExerciseReport): string {
  const cases = casesOf(exercise);
  const count = (kind: string): number => cases.filter((one) => one.problem?.kind === kind).length;
  const lines = cases.map(({ name, group, seconds: time, problem }) => {
    const open = `    <testcase classname="${escapeXml(`${exercise.id}.${group}`)}" name="${escapeXml(name)}" time="${time}"`;
    if (problem === undefined) return `${open}/>`;
    return `${open}>\n      <${problem.kind} message="${escapeXml(problem.message)}"/>\n    </testcase>`;
  });
  return `  <testsuite name="${escapeXml(exercise.id)}" tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}" time="${seconds(exercise.wallMs)}" timestamp="${exercise.startedAt}">\n${lines.join('\n')}\n  </testsuite>`;
}

function casesOf(exercise: ExerciseReport): Case[] {
  const checks = exercise.checks.map((check): Case => {
    const common = { name: check.claim, group: check.phase, seconds: Number(seconds(check.ms)) };
    const wanted = check.phase === 'control' ? 'failed' : 'passed';
    if (check.verdict === wanted) return common;
    const kind = check.verdict === 'error' ? 'error' : check.verdict === 'skipped' ? 'skipped' : 'failure';
    const message = check.phase === 'control' ? controlLine(check) : checkLine(check);
    return { ...common, problem: { kind, message } };
  });
  const tasks = exercise.tasks.map((task): Case => {
    const common = { name: `task ${task.id}`, group: 'tasks', seconds: 0 };
    const message = task.problems.join('; ');
    if (task.solverAccepted === null) return { ...common, problem: { kind: 'skipped', message } };
    if (task.solverAccepted && task.wrongAnswerRejected === true) return common;
    return { ...common, problem: { kind: 'failure', message } };
  });
  const decoys = exercise.decoys.map((decoy): Case => {
    const common = { name: `decoy ${decoy.id} is rejected`, group: 'decoys', seconds: 0 };
    const message = decoy.problems.join('; ');
    if (decoy.rejected === null) return { ...common, problem: { kind: 'skipped', message } };
    return decoy.rejected ? common : { ...common, problem: { kind: 'failure', message } };
  });
  const problems = exercise.problems.map(
    (message): Case => ({
      name: 'the run itself',
      group: 'run',
      seconds: 0,
      problem: { kind: 'error', message },
    }),
  );
  return [...checks, ...tasks, ...decoys, ...problems];
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

/** XML 1.0 has no place for most control characters, not even escaped. */
function escapeXml(text: string): string {
  return text
    .replace(/(?![\t\n\r])\p{Cc}|[\uFFFE\uFFFF]/gu, '')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/\n/g, '&#10;');
}
