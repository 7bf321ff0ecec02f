// Traces: the span that spends the time, and the way to it from a log line.
import type { Check, ExerciseContext, Guard } from '../../../lab/exercise/model/model.ts';
import { evidenceFrom, freshFrom } from '../../kit/moments.ts';
import { tracesSince } from '../../kit/traces.ts';
import { threeScrapes, twoTurns } from '../../kit/windows.ts';
import { delayMs, isDatabaseSpan, slow, slowQueryLines, slowTraces } from '../telemetry.ts';

type Since = (context: ExerciseContext) => number;

/** Traces that show a query of the replica, slow or not. */
const tracesOfReplica = (since: Since): Guard => ({
  what: `traces with a query of ${slow}`,
  async measure(context) {
    const traces = await tracesSince(context, since(context));
    return [...traces.values()].filter((spans) =>
      spans.some((span) => isDatabaseSpan(span) && span.instance === slow),
    ).length;
  },
});

const lastWindow: Since = ({ clock, pace }) => clock.now() - pace.rateWindowSeconds * 1000;

type Own = 'id' | 'claim' | 'expect' | 'holdsForSeconds' | 'next';

const slowSpans = (since: Since, guard: Guard, check: Pick<Check, Own>): Check => ({
  ...check,
  pillar: 'traces',
  query: `service=api minDuration=${delayMs}ms, with a PostgreSQL span of ${slow} of at least ${delayMs} ms`,
  measure: async (context) => (await slowTraces(context, since(context))).size,
  guard,
  withinSeconds: twoTurns,
  link: ({ observe: { jaeger } }) => jaeger.link({ service: 'api', minDurationMs: delayMs }),
});

export const slowSpansCome = slowSpans(evidenceFrom, tracesOfReplica(lastWindow), {
  id: 'slow-query-spans',
  claim: 'Jaeger has traces in which a query of api-1 took at least 500 ms',
  expect: { atLeast: 3, unit: 'traces' },
  next: 'look at the traces of api without a minimum duration: how long do its queries take?',
});

export const slowSpansEnd = slowSpans(freshFrom, tracesOfReplica(freshFrom), {
  id: 'slow-spans-end',
  claim: 'no query of api-1 takes 500 ms any more',
  expect: { equals: 0, unit: 'traces' },
  holdsForSeconds: threeScrapes,
  next: 'open the newest slow trace: which replica, which span?',
});

export const tracesMeetLogs: Check = {
  id: 'traces-meet-logs',
  claim: 'the slow log lines of api-1 carry the trace IDs of the slow traces',
  pillar: 'traces',
  query: `trace_id of ${slowQueryLines(slow)} that Jaeger knows with a slow query`,
  async measure(context) {
    const startMs = evidenceFrom(context);
    const [lines, traces] = await Promise.all([
      context.observe.loki.lines(slowQueryLines(slow), {
        startMs,
        endMs: context.clock.now(),
        signal: context.signal,
      }),
      slowTraces(context, startMs),
    ]);
    const logged = new Set(lines.map((line) => traceIdOf(line.line)));
    const both = [...traces.keys()].filter((id) => logged.has(id));
    return { value: both.length, note: `of ${traces.size} slow traces and ${lines.length} slow lines` };
  },
  guard: tracesOfReplica(lastWindow),
  expect: { atLeast: 3, unit: 'traces' },
  withinSeconds: twoTurns,
  link: ({ observe: { grafana } }) => grafana.exploreLink('loki', slowQueryLines(slow)),
  next: 'take the trace_id of one slow line and open it in Jaeger',
};

function traceIdOf(line: string): string | undefined {
  try {
    const { trace_id: traceId } = JSON.parse(line) as { trace_id?: unknown };
    return typeof traceId === 'string' ? traceId : undefined;
  } catch {
    return undefined;
  }
}
