import { resultLine } from './check-line.ts';
import { isAsWanted } from '../run/phase.ts';
import type { ActReport, ExerciseReport, RunReport } from './report.ts';

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
  return `  <testsuite name="${escapeXml(exercise.id)}" tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}" time="${seconds(exercise.wallMs)}" timestamp="${exercise.startedAt}">\n${playedXml(exercise)}${lines.join('\n')}\n  </testsuite>`;
}

/** Where the exercise has variants: which it was. */
const playedXml = ({ seed, variant }: ExerciseReport): string =>
  seed === undefined
    ? ''
    : `    <properties>\n      <property name="seed" value="${seed}"/>\n      <property name="variant" value="${escapeXml(variant ?? '')}"/>\n    </properties>\n`;

function casesOf(exercise: ExerciseReport): Case[] {
  const problems = exercise.problems.map((message) => runProblem('run', message));
  return [...exercise.acts.flatMap(actCases), ...problems];
}

function actCases(act: ActReport): Case[] {
  const group = (name: string): string => `${act.id}.${name}`;
  const checks = act.checks.map((check): Case => {
    const common = { name: check.claim, group: group(check.phase), seconds: Number(seconds(check.ms)) };
    if (isAsWanted(check) && check.verdict !== 'skipped') return common;
    const kind = check.verdict === 'error' ? 'error' : check.verdict === 'skipped' ? 'skipped' : 'failure';
    return { ...common, problem: { kind, message: resultLine(check) } };
  });
  const tasks = act.tasks.map((task): Case => {
    const common = { name: `task ${task.id}`, group: group('tasks'), seconds: 0 };
    const message = task.problems.join('; ');
    if (task.solverAccepted === null || task.wrongRejected === null)
      return { ...common, problem: { kind: 'skipped', message } };
    if (task.solverAccepted && task.wrongRejected) return common;
    return { ...common, problem: { kind: 'failure', message } };
  });
  const decoys = act.decoys.map((decoy): Case => {
    const common = { name: `decoy ${decoy.id} is rejected`, group: group('decoys'), seconds: 0 };
    const message = decoy.problems.join('; ');
    if (decoy.rejected === null) return { ...common, problem: { kind: 'skipped', message } };
    return decoy.rejected ? common : { ...common, problem: { kind: 'failure', message } };
  });
  return [...checks, ...tasks, ...decoys, ...act.problems.map((message) => runProblem(act.id, message))];
}

const runProblem = (group: string, message: string): Case => ({
  name: 'the run itself',
  group,
  seconds: 0,
  problem: { kind: 'error', message },
});

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
