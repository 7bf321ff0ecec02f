// A refresh moves a range of time by seconds: what was answered before is kept, and only what is new is asked for.
import { type Exemplar, fetchExemplars, fetchSeries, type Range } from './data.ts';
import { extendSeries, type Series } from './series.ts';
import type { TargetView } from './view.ts';

/** What came late is asked for again: scrapes, evaluations of rules and log lines are up to seconds behind. */
const overlapMs = 30_000;
const overlapSteps = 5;
/** From time to time everything, should a server have forgotten or learned something older. */
const wholeEveryMs = 5 * 60_000;

interface Known<Answer> {
  readonly range: Range;
  readonly answer: Answer;
  /** When the whole range was asked for. */
  readonly wholeAt: number;
}

const knownSeries = new WeakMap<TargetView, Known<readonly Series[]>>();
const knownExemplars = new WeakMap<TargetView, Known<readonly Exemplar[]>>();

/** Where to begin asking when an answer is known; undefined: at the beginning. */
export function beginningOf(
  known: Known<unknown> | undefined,
  range: Range,
  now: number,
): number | undefined {
  if (
    known === undefined ||
    now - known.wholeAt > wholeEveryMs ||
    known.range.stepSeconds !== range.stepSeconds
  )
    return undefined;
  const step = 1000 * range.stepSeconds;
  const begin = Math.floor((known.range.to - Math.max(overlapMs, overlapSteps * step)) / step) * step;
  const moved = range.from >= known.range.from && range.to >= known.range.to;
  return moved && begin > range.from ? begin : undefined;
}

/** A query whose earlier steps depend on where the range begins or ends, or that has no steps. */
const hasNoPast = ({ instant, query }: TargetView): boolean =>
  instant || /@\s*(?:start|end)\s*\(/.test(query);

/** The series of a range; of what is known already, only the end is asked for. */
export async function newestSeries(target: TargetView, range: Range): Promise<readonly Series[]> {
  if (hasNoPast(target)) return fetchSeries(target, range);
  const now = Date.now();
  const known = knownSeries.get(target);
  const begin = beginningOf(known, range, now);
  if (known !== undefined && begin !== undefined) {
    const tail = await fetchSeries(target, { ...range, from: begin });
    const answer = extendSeries(known.answer, tail, { from: range.from / 1000, begin: begin / 1000 });
    if (answer !== undefined) {
      knownSeries.set(target, { range, answer, wholeAt: known.wholeAt });
      return answer;
    }
  }
  const answer = await fetchSeries(target, range);
  knownSeries.set(target, { range, answer, wholeAt: now });
  return answer;
}

/** The exemplars of a range, likewise. */
export async function newestExemplars(target: TargetView, range: Range): Promise<readonly Exemplar[]> {
  const now = Date.now();
  const known = knownExemplars.get(target);
  const begin = beginningOf(known, range, now);
  const found = await fetchExemplars(target, begin === undefined ? range : { ...range, from: begin });
  const kept = begin === undefined ? [] : (known?.answer ?? []);
  const answer = [
    ...kept.filter(({ time }) => 1000 * time >= range.from && 1000 * time < (begin ?? 0)),
    ...found,
  ];
  const wholeAt = begin === undefined ? now : (known?.wholeAt ?? now);
  knownExemplars.set(target, { range, answer, wholeAt });
  return answer;
}
