import { wantedVerdict } from '../run/phase.ts';
import type { CheckResult } from '../run/run-check.ts';

const marks = { passed: '✓', failed: '✗', error: '!', skipped: '-' } as const;

/**
 * A check as a person reads it. A failing one says what was seen, what was wanted, where to look and what to do:
 * `✗ p95 of api-1 exceeds 400 ms: observed 41 ms, expected at least 400 ms within 30 s. Look: <link>. Next: <step>.`
 */
export function checkLine(result: CheckResult): string {
  const { claim, observed, expected, note, withinSeconds, link } = result;
  const head = `${marks[result.verdict]} ${claim}`;
  switch (result.verdict) {
    case 'passed':
      return `${head}: observed ${observed}${note === undefined ? '' : ` (${note})`}`;
    case 'skipped':
      return `${head}: skipped, ${note ?? 'no reason given'}`;
    case 'failed':
      return `${head}: observed ${observed}${note === undefined ? '' : ` (${note})`}, expected ${expected} within ${withinSeconds} s. Look: ${link} Next: ${sentence(result.next)}`;
    case 'error':
      return `${head}: could not be measured (${note ?? 'no reason given'}), expected ${expected} within ${withinSeconds} s. Look: ${link} Next: ${sentence(result.next)}`;
  }
}

/** A check of any phase: in a control, where it has to fail, and everywhere else. */
export function resultLine(result: CheckResult): string {
  return wantedVerdict(result.phase) === 'failed' ? controlLine(result) : checkLine(result);
}

/**
 * A control result: the same check in the state that it excludes has to fail, or it proves nothing when it passes later.
 */
function controlLine(result: CheckResult): string {
  if (result.verdict === 'failed') return `✓ ${result.claim}: not yet (observed ${result.observed})`;
  if (result.verdict === 'passed') {
    return `✗ ${result.claim}: already so on the ${result.phase === 'control' ? 'healthy' : 'broken'} system (observed ${result.observed}), so this check proves nothing. Look: ${result.link} Next: wait for the lab to calm down, or report a defect of the exercise.`;
  }
  return checkLine(result);
}

function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}
