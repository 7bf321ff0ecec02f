import type { Check, ExerciseContext, Measured } from './model.ts';

type Text = string | ((context: ExerciseContext) => string);
type Common = Omit<Check, 'query' | 'measure' | 'link' | 'guard' | 'pillar'>;

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

/** Anything else that gives a number: searches, comparisons across backends. */
export function measuredCheck(
  check: Common &
    Pick<Check, 'pillar' | 'query' | 'link' | 'guard'> & {
      readonly measure: (context: ExerciseContext) => Promise<Measured>;
    },
): Check {
  return check;
}
