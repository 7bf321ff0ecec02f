import { describeDetection } from '../run/detection.ts';
import { isAsWanted, wantedVerdict } from '../run/phase.ts';
import type { ActReport, ExerciseReport, RunReport } from './report.ts';
import type { CheckResult } from '../run/run-check.ts';

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
  const { machine } = exercise;
  const starved =
    machine.starvedMs === 0 ? '' : ` The machine was starved for ${seconds(machine.starvedMs)} of it.`;
  return [
    '',
    `## ${exercise.id}: ${exercise.outcome}`,
    '',
    `Runtime ${exercise.runtime}, pace ${exercise.pace}, ${seconds(exercise.wallMs)}.${playedSentence(exercise)}${starved}`,
    ...exercise.acts.flatMap(actLines),
    ...list(exercise.problems),
  ];
}

const playedSentence = ({ seed, variant }: ExerciseReport): string =>
  seed === undefined ? '' : ` Seed ${seed}: ${variant}.`;

function actLines(act: ActReport): string[] {
  const { detection, traffic, timings } = act;
  const lines = ['', `### ${act.title}`, ''];
  lines.push(
    `Traffic: ${traffic.requests} requests, ${traffic.errors} errors, p50 ${traffic.p50Ms} ms, p95 ${traffic.p95Ms} ms, p99 ${traffic.p99Ms} ms.`,
  );
  if (detection !== null) {
    lines.push(
      '',
      `This act was ${describeDetection(detection)}, diagnosed in ${optional(timings.diagnoseMs)}, repaired in ${optional(timings.repairMs)}, recovered in ${optional(timings.recoverMs)}.`,
    );
  }
  lines.push('', '| | phase | check | observed | expected |', '| --- | --- | --- | --- | --- |');
  for (const check of act.checks) lines.push(checkRow(check));
  lines.push('', '| check | was seen failing in | and passing in |', '| --- | --- | --- |');
  for (const { check, failedIn, passedIn } of act.proofs)
    lines.push(`| ${check} | ${failedIn ?? '**never**'} | ${passedIn ?? '**never**'} |`);
  lines.push('', '| task | wrong answers rejected | solver accepted |', '| --- | --- | --- |');
  for (const task of act.tasks) {
    lines.push(`| ${task.id} | ${answer(task.wrongRejected)} | ${answer(task.solverAccepted)} |`);
  }
  lines.push('', '| decoy | rejected | by |', '| --- | --- | --- |');
  for (const decoy of act.decoys) {
    const by = decoy.by.map((one) => `${one.check} (${one.observed ?? one.note ?? one.verdict})`).join(', ');
    lines.push(`| ${decoy.id} | ${answer(decoy.rejected)} | ${cell(by)} |`);
  }
  return [
    ...lines,
    ...list([
      ...act.problems,
      ...act.tasks.flatMap((task) => task.problems.map((problem) => `task ${task.id}: ${problem}`)),
      ...act.decoys.flatMap((decoy) => decoy.problems.map((problem) => `decoy ${decoy.id}: ${problem}`)),
    ]),
  ];
}

const list = (items: readonly string[]): string[] =>
  items.length === 0 ? [] : ['', ...items.map((item) => `- ${item}`)];

function checkRow(check: CheckResult): string {
  const mark =
    check.verdict === 'skipped' ? '-' : isAsWanted(check) ? '✓' : check.verdict === 'error' ? '!' : '✗';
  const observed = check.observed ?? check.note ?? '';
  const prefix = wantedVerdict(check.phase) === 'failed' ? 'not yet: ' : '';
  return `| ${mark} | ${check.phase} | ${cell(check.claim)} | ${cell(observed)} | ${prefix}${cell(check.expected)} |`;
}

const answer = (value: boolean | null): string => (value === null ? 'not reached' : value ? 'yes' : '**no**');
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const optional = (ms: number | null): string =>
  ms === null ? 'no time that could be measured' : seconds(ms);
const cell = (text: string): string => text.replace(/\|/g, '\\|').replace(/\n/g, ' ');
