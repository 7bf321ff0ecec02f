import type { Interval } from '../../traffic/ledger.ts';
import type { Check, ExerciseContext, Invariant } from './model.ts';

type Text = string | ((context: ExerciseContext) => string);
type Common = Omit<Check, 'query' | 'measure' | 'link' | 'guard' | 'pillar'>;
type InvariantCommon = Omit<Invariant, 'query' | 'measure' | 'link' | 'pillar'>;

const textOf = (text: Text, context: ExerciseContext): string =>
  typeof text === 'function' ? text(context) : text;

/** A number read by PromQL. `scale` turns the base unit into the expectation's (1000: seconds into milliseconds). */
export function metricCheck(
  check: Common & {
    readonly promql: Text;
    readonly scale?: number;
    readonly guard: { readonly what: string; readonly promql: Text };
  },
): Check {
  const { promql, scale = 1, guard, ...common } = check;
  return {
    ...common,
    pillar: 'metrics',
    query: promql,
    async measure(context) {
      const value = await context.observe.prometheus.value(textOf(promql, context), {
        signal: context.signal,
      });
      return value === undefined ? undefined : value * scale;
    },
    guard: {
      what: guard.what,
      measure: (context) =>
        context.observe.prometheus.value(textOf(guard.promql, context), { signal: context.signal }),
    },
    link: (context) => context.observe.prometheus.link(textOf(promql, context)),
  };
}

/** A number of log lines, counted by a LogQL metric query. No line is zero; the guard says whether lines come at all. */
export function logCheck(
  check: Common & {
    readonly logql: Text;
    readonly guard: { readonly what: string; readonly logql: Text };
    readonly link?: (context: ExerciseContext) => string;
  },
): Check {
  const { logql, guard, ...common } = check;
  return {
    link: (context) => context.observe.grafana.exploreLink('loki', textOf(logql, context)),
    ...common,
    pillar: 'logs',
    query: logql,
    measure: (context) => context.observe.loki.count(textOf(logql, context), { signal: context.signal }),
    guard: {
      what: guard.what,
      measure: (context) =>
        context.observe.loki.count(textOf(guard.logql, context), { signal: context.signal }),
    },
  };
}

/** The worst (or best) value that a PromQL expression had at any evaluation within the interval. */
export function metricInvariant(
  invariant: InvariantCommon & {
    readonly promql: string;
    readonly scale?: number;
    /** Which of the values is judged. */
    readonly worst: 'highest' | 'lowest';
  },
): Invariant {
  const { promql, scale = 1, worst, ...common } = invariant;
  return {
    ...common,
    pillar: 'metrics',
    query: promql,
    async measure(context, { fromMs, toMs, windowsFromMs }) {
      const startMs = Math.max(fromMs, windowsFromMs ?? fromMs);
      if (startMs >= toMs) return { value: undefined, note: 'the interval is too short' };
      const series = await context.observe.prometheus.queryRange(promql, {
        startMs,
        endMs: toMs,
        stepSeconds: context.pace.evaluationIntervalSeconds,
        signal: context.signal,
      });
      const points = series
        .flatMap((one) => one.points.map((point) => ({ ...point, labels: one.labels })))
        .filter((point) => Number.isFinite(point.value));
      const [first, ...rest] = points;
      if (first === undefined) return undefined;
      const extreme = rest.reduce(
        (a, b) => ((worst === 'highest' ? b.value > a.value : b.value < a.value) ? b : a),
        first,
      );
      const at = new Date(extreme.timestampMs).toISOString().slice(11, 19);
      const who = extreme.labels.instance ?? extreme.labels.upstream;
      return {
        value: extreme.value * scale,
        atMs: extreme.timestampMs,
        note: `the ${worst} of ${points.length} values, ${who === undefined ? '' : `${who} `}at ${at}`,
      };
    },
    link: (context) => context.observe.prometheus.link(promql),
  };
}

/** Log lines of the whole interval, counted. `among` must be above zero: no lines at all prove nothing. */
export function logInvariant(
  invariant: InvariantCommon & { readonly logql: string; readonly among: string },
): Invariant {
  const { logql, among, ...common } = invariant;
  return {
    ...common,
    pillar: 'logs',
    query: logql,
    async measure(context, interval) {
      const count = (selector: string): Promise<number> => countLines(context, selector, interval);
      const [lines, all] = await Promise.all([count(logql), count(among)]);
      return all === 0
        ? { value: undefined, note: `no line at all of ${among}` }
        : { value: lines, note: `of ${all} lines` };
    },
    link: (context) => context.observe.grafana.exploreLink('loki', logql),
  };
}

/** The lines of a log selector within an interval, counted by Loki. */
export function countLines(
  { observe, signal }: ExerciseContext,
  logql: string,
  { fromMs, toMs }: Interval,
): Promise<number> {
  const seconds = Math.max(1, Math.round((toMs - fromMs) / 1000));
  return observe.loki.count(`sum(count_over_time(${logql} [${seconds}s]))`, { timeMs: toMs, signal });
}
