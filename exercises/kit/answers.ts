// Judging answers against telemetry.
import type { ExerciseContext, Judgement, TextTask } from '../../lab/exercise/model/model.ts';
import { ObserveError } from '../../lab/observe/observe-error.ts';
import { evidenceFrom } from './moments.ts';
import { windowTurns } from './windows.ts';

export const accepted = (because: string): Judgement => ({ accepted: true, because });
export const rejected = (because: string): Judgement => ({ accepted: false, because });

/**
 * What a PromQL expression was over the last rate window: it moves while a person types. What lies before the window
 * has filled with the break is left out, because it belongs to the way there.
 */
export async function recentRange(
  context: ExerciseContext,
  promql: string,
  scale = 1,
): Promise<{ readonly low: number; readonly high: number }> {
  const { pace, clock, signal } = context;
  const endMs = clock.now();
  const filledMs = evidenceFrom(context) + windowTurns(pace) * 1000;
  const startMs = Math.min(
    Math.max(filledMs, endMs - pace.rateWindowSeconds * 1000),
    endMs - 2 * pace.scrapeIntervalSeconds * 1000,
  );
  const stepSeconds = pace.scrapeIntervalSeconds;
  const series = await context.observe.prometheus.queryRange(promql, { startMs, endMs, stepSeconds, signal });
  const values = series
    .flatMap((one) => one.points.map((point) => point.value * scale))
    .filter(Number.isFinite);
  if (values.length === 0) throw new Error(`Prometheus has no value for ${promql}`);
  return { low: Math.min(...values), high: Math.max(...values) };
}

/**
 * Judges a PromQL query of the learner's own by what it returns: this instance and nothing else now, and nothing in the
 * states in which it must not. It may not name the instance.
 */
export async function judgeOwnQuery(
  answer: string,
  context: ExerciseContext,
  wanted: {
    readonly instance: string;
    /** Moments at which it has to return nothing, and what they are. */
    readonly nothingAt: readonly { readonly timeMs: number; readonly state: string }[];
  },
): Promise<Judgement> {
  if (/api-\d/.test(answer))
    return rejected('the query names a replica: it would find that one in any state');
  const { prometheus } = context.observe;
  try {
    const now = await prometheus.query(answer, { signal: context.signal });
    const found = [...new Set(now.map((sample) => sample.labels.instance ?? sample.labels.upstream ?? ''))];
    if (found.length === 0) return rejected('the query returns nothing now');
    if (found.length > 1 || found[0] !== wanted.instance) {
      return rejected(
        `the query returns ${found.map((name) => name || 'a series without an instance').join(', ')}`,
      );
    }
    for (const { timeMs, state } of wanted.nothingAt) {
      const then = await prometheus.query(answer, { timeMs, signal: context.signal });
      if (then.length > 0)
        return rejected(`the query returned something ${state}, too: it does not tell the two apart`);
    }
    const states = wanted.nothingAt.map(({ state }) => state).join(' and ');
    return accepted(`it returns ${found[0]} now, and returned nothing ${states}`);
  } catch (error) {
    if (error instanceof ObserveError && (error.failure === 'refused' || error.failure === 'shape')) {
      return rejected(error.message);
    }
    throw error;
  }
}

/** Which replica? Judged by a number of each, of which the right one's has to stand out. */
export function whichReplica(task: {
  readonly prompt: string;
  readonly hints: readonly string[];
  /** The replica that stands out now, and why. */
  readonly standsOut: (context: ExerciseContext) => Promise<{ instance: string; because: string }>;
  readonly wrong: string;
}): TextTask {
  return {
    id: 'which-replica',
    prompt: task.prompt,
    kind: 'choice',
    choices: ['api-1', 'api-2', 'api-3'],
    hints: task.hints,
    async verify(answer, context) {
      const { instance, because } = await task.standsOut(context);
      return answer === instance ? accepted(because) : rejected(`${answer} ${task.wrong}`);
    },
    solve: async (context) => (await task.standsOut(context)).instance,
    wrongAnswers: ['api-1', 'api-2', 'api-3'].map((answer) => ({
      why: 'another replica',
      async answer(context) {
        const { instance } = await task.standsOut(context);
        return answer === instance ? 'none of them' : answer;
      },
    })),
  };
}
