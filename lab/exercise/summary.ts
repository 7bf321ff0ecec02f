import type { ExerciseReport, RunReport } from './report.ts';
import type { CheckResult } from './run-check.ts';

/** The run as Markdown, for a pull request or a job's summary page. */
export function summaryMarkdown(report: RunReport): string {
  const head = [
    `# Break & Observe: ${report.outcome}`,
    '',
    `${report.exercises.length === 1 ? 'One exercise' : `${report.exercises.length} exercises`} in ${seconds(report.wallMs)}, at most ${Math.round(report.peakMemoryBytes / 1e6)} MB in all processes together (Node ${report.machine.node}, ${report.machine.processors} processors).`,
  ];
  return `${[...head, ...report.exercises.flatMap(exerciseLines)].join('\n')}\n`;
}

function exerciseLines(exercise: ExerciseReport): string[] {
  const { detection, traffic, timings } = exercise;
  const lines = ['', `## ${exercise.id}: ${exercise.outcome}`, ''];
  lines.push(
    `Runtime ${exercise.runtime}, pace ${exercise.pace}, ${seconds(exercise.wallMs)}. Traffic: ${traffic.requests} requests, ${traffic.errors} errors, p50 ${traffic.p50Ms} ms, p95 ${traffic.p95Ms} ms, p99 ${traffic.p99Ms} ms.`,
  );
  if (detection !== null) {
    const actual = detection.actualMs === null ? 'never' : `in ${seconds(detection.actualMs)}`;
    lines.push(
      '',
      `Detected ${actual} (limit ${seconds(detection.limitMs)}), diagnosed in ${optional(timings.diagnoseMs)}, recovered in ${optional(timings.recoverMs)}.`,
    );
  }
  lines.push('', '| | phase | check | observed | expected |', '| --- | --- | --- | --- | --- |');
  for (const check of exercise.checks) lines.push(checkRow(check));
  lines.push('', '| task | wrong answers rejected | solver accepted |', '| --- | --- | --- |');
  for (const task of exercise.tasks) {
    lines.push(`| ${task.id} | ${answer(task.wrongAnswerRejected)} | ${answer(task.solverAccepted)} |`);
  }
  lines.push('', '| decoy | rejected | by |', '| --- | --- | --- |');
  for (const decoy of exercise.decoys) {
    const by = decoy.by.map((one) => `${one.check} (${one.observed ?? one.note ?? one.verdict})`).join(', ');
    lines.push(`| ${decoy.id} | ${answer(decoy.rejected)} | ${cell(by)} |`);
  }
  const problems = [
    ...exercise.problems,
    ...exercise.tasks.flatMap((task) => task.problems.map((problem) => `task ${task.id}: ${problem}`)),
    ...exercise.decoys.flatMap((decoy) => decoy.problems.map((problem) => `decoy ${decoy.id}: ${problem}`)),
  ];
  if (problems.length > 0) lines.push('', ...problems.map((problem) => `- ${problem}`));
  return lines;
}

function checkRow(check: CheckResult): string {
  const wanted = check.phase === 'control' ? 'failed' : 'passed';
  const mark =
    check.verdict === wanted
      ? '✓'
      : check.verdict === 'skipped'
        ? '-'
        : check.verdict === 'error'
          ? '!'
          : '✗';
  const observed = check.observed ?? check.note ?? '';
  return `| ${mark} | ${check.phase} | ${cell(check.claim)} | ${cell(observed)} | ${check.phase === 'control' ? 'not yet: ' : ''}${cell(check.expected)} |`;
}

const answer = (value: boolean | null): string => (value === null ? 'not reached' : value ? 'yes' : '**no**');
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const optional = (ms: number | null): string =>
  ms === null ? 'no time that could be measured' : seconds(ms);
const cell = (text: string): string => text.replace(/\|/g, '\\|').replace(/\n/g, ' ');
