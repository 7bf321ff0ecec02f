import type { ExerciseContext, NumberTask, Task } from '../../lab/exercise/model/model.ts';
import { missAll } from '../../lab/statistics/binomial.ts';
import { accepted, rejected } from '../kit/answers.ts';
import { evidenceFrom } from '../kit/moments.ts';
import { freshSeconds } from '../kit/windows.ts';
import { failed, headRatio, isWhole, keptTraces, loggedRequests, settledStretch } from './telemetry.ts';

const failures = 'http_requests_total{job="gateway", endpoint=~"/api/v1/.*", status=~"5.."}';

/** Failed requests since the break, by each pillar. */
async function failuresKnown(context: ExerciseContext): Promise<{ metrics: number; logs: number }> {
  const { observe, clock, signal } = context;
  const from = evidenceFrom(context);
  const at = async (timeMs: number): Promise<number> =>
    (await observe.prometheus.value(`sum(${failures}) or vector(0)`, { timeMs, signal })) ?? 0;
  const [after, before, lines] = await Promise.all([
    at(clock.now()),
    at(from),
    loggedRequests(context, { fromMs: from, toMs: clock.now() }, failed),
  ]);
  return { metrics: after - before, logs: lines.length };
}

const around = (value: number): { low: number; high: number } => ({
  low: Math.max(0, value - 2),
  high: value + 1,
});

export const whoKnew: NumberTask = {
  id: 'who-knew',
  prompt:
    'Since the break some requests have failed. How many do the metrics know of, and how many the logs? Answer as metrics=… logs=…',
  kind: 'number',
  fields: [
    {
      name: 'metrics',
      unit: '',
      tolerance: 0,
      truth: async (context) => around((await failuresKnown(context)).metrics),
    },
    {
      name: 'logs',
      unit: '',
      tolerance: 0,
      truth: async (context) => around((await failuresKnown(context)).logs),
    },
  ],
  because:
    'metrics and logs are whole whatever the traces are sampled at; only the traces of these failures are gone',
  hints: [
    `Metrics: compare sum(${failures}) now with the moment of the break.`,
    'Logs: {service="gateway"} |= "request completed" | json | status>=500, counted since the break.',
    'The two should agree, but for the last second or two.',
  ],
  async solve(context) {
    const { metrics, logs } = await failuresKnown(context);
    return `metrics=${metrics} logs=${logs}`;
  },
  wrongAnswers: [
    { answer: 'metrics=0 logs=0', why: 'what the traces know' },
    {
      why: 'one in a hundred of them',
      async answer(context) {
        const { metrics, logs } = await failuresKnown(context);
        return `metrics=${Math.round(metrics / 100)} logs=${Math.round(logs / 100)}`;
      },
    },
  ],
};

export const chanceToMiss: NumberTask = {
  id: 'chance-to-miss',
  prompt:
    'How probable is it, in percent, that none of the failed requests since the break is among the traces kept at 1 %? Take their number from the log. Answer as percent=…',
  kind: 'number',
  fields: [
    {
      name: 'percent',
      unit: '%',
      tolerance: 0.02,
      async truth(context) {
        const { low, high } = around((await failuresKnown(context)).logs);
        return { low: 100 * missAll(headRatio, high), high: 100 * missAll(headRatio, low) };
      },
    },
  ],
  because:
    'what happens rarely and is kept rarely is hardly ever seen: it takes 299 failures to see one with 95 % certainty',
  hints: [
    'One failure is missed with a probability of 0.99.',
    'Each is decided on by itself: for n failures it is 0.99 to the power of n.',
    'In percent: 100 * 0.99^n, with the n that the log counts.',
  ],
  async solve(context) {
    return `percent=${(100 * missAll(headRatio, (await failuresKnown(context)).logs)).toFixed(1)}`;
  },
  wrongAnswers: [
    { answer: 'percent=1', why: 'the ratio itself' },
    { answer: 'percent=50', why: 'a guess' },
  ],
};

/** A span in storage, in bytes; what vendors take for a gigabyte of traces, in US dollars (2025). */
export const bytesPerSpan = 500;
export const dollarsPerGigabyte = 0.3;
const gigabytesADay = (spansPerSecond: number): number => (spansPerSecond * bytesPerSpan * 86_400) / 1e9;
const acceptedSpans = 'otelcol_receiver_accepted_spans_total';

/** Spans a second that Jaeger took before the break, when everything was kept, and takes now. */
async function spanRates({ observe, timeline, clock, pace, signal }: ExerciseContext): Promise<{
  before: { low: number; high: number };
  now: { low: number; high: number };
}> {
  const brokenAtMs = timeline.brokenAtMs ?? clock.now();
  const between = async (startMs: number, endMs: number): Promise<{ low: number; high: number }> => {
    const series = await observe.prometheus.queryRange(
      `sum(rate(${acceptedSpans}[${freshSeconds(pace)}s]))`,
      { startMs, endMs, stepSeconds: pace.scrapeIntervalSeconds, signal },
    );
    const values = series.flatMap((one) => one.points.map(({ value }) => value)).filter(Number.isFinite);
    if (values.length === 0) throw new Error(`Prometheus has no ${acceptedSpans}`);
    return { low: Math.min(...values), high: Math.max(...values) };
  };
  const windowMs = 1000 * freshSeconds(pace);
  const [before, now] = await Promise.all([
    between(brokenAtMs - windowMs, brokenAtMs),
    between(Math.max(brokenAtMs + 2 * windowMs, clock.now() - 4 * windowMs), clock.now()),
  ]);
  return { before, now };
}

const costFields = (['all', 'kept'] as const).map((name) => ({
  name,
  unit: 'GB',
  tolerance: 0.25,
  async truth(context: ExerciseContext) {
    const { before, now } = await spanRates(context);
    const { low, high } = name === 'all' ? before : now;
    return { low: gigabytesADay(low), high: gigabytesADay(high) };
  },
}));

export const whatItSaves: NumberTask = {
  id: 'what-it-saves',
  prompt: `A span takes ${bytesPerSpan} bytes in storage. How many GB a day are the spans that Jaeger took before the break, and how many those that it takes now? Answer as all=… kept=…`,
  kind: 'number',
  fields: costFields,
  because: `at ${dollarsPerGigabyte} dollars a GB that is what keeping one in a hundred saves; what it costs, you see in the other tasks`,
  hints: [
    `Jaeger counts the spans that it takes: ${acceptedSpans}. You want their rate.`,
    `sum(rate(${acceptedSpans}[5s])) now, and at a moment before the break (in the graph, or with offset).`,
    'A rate times 500 bytes times 86400 seconds, divided by 1e9.',
  ],
  async solve(context) {
    const { before, now } = await spanRates(context);
    const middle = ({ low, high }: { low: number; high: number }): string =>
      gigabytesADay((low + high) / 2).toPrecision(3);
    return `all=${middle(before)} kept=${middle(now)}`;
  },
  wrongAnswers: [
    {
      why: 'nothing saved',
      async answer(context) {
        const all = gigabytesADay((await spanRates(context)).before.high).toPrecision(3);
        return `all=${all} kept=${all}`;
      },
    },
    {
      why: 'an hour taken for a day',
      answer: async (context) =>
        (await whatItSaves.solve(context)).replace(
          /=([\d.e+-]+)/g,
          (_, value) => `=${(Number(value) / 24).toPrecision(3)}`,
        ),
    },
  ],
};

export const rareTrace: Task = {
  id: 'rare-trace',
  prompt: 'Now it is possible: give the ID of the trace of a request that failed.',
  kind: 'trace-id',
  when: 'repaired',
  hints: [
    'Two ways: a search in Jaeger for the tag error=true, or the trace_id of a failed request in the log.',
    'In Loki: {service="gateway"} |= "request completed" | json | status>=500',
    'Take one that is a few seconds old: a trace waits two seconds for its decision.',
  ],
  async verify(answer, { observe, signal }) {
    const spans = await observe.jaeger.trace(answer, { signal });
    if (spans.length === 0) return rejected('Jaeger knows no trace of that ID');
    if (!spans.some((span) => span.error)) return rejected('in that trace nothing failed');
    return isWhole(spans)
      ? accepted(`${spans.length} spans, from the gateway to the failure`)
      : rejected('that trace lacks spans');
  },
  async solve(context) {
    const stretch = settledStretch(context, 15_000, (context.timeline.repairedAtMs ?? 0) + 3_000);
    const [request] = await loggedRequests(context, stretch, failed);
    if (request === undefined) throw new Error('no request has failed since the policy is in force');
    return request.traceId;
  },
  wrongAnswers: [
    { answer: '0123456789abcdef0123456789abcdef', why: 'an invented ID' },
    {
      why: 'a trace of a request that succeeded',
      async answer(context) {
        const stretch = settledStretch(context, 10_000, (context.timeline.repairedAtMs ?? 0) + 3_000);
        for (const [id, spans] of await keptTraces(context, stretch))
          if (!spans.some((span) => span.error)) return id;
        throw new Error('Jaeger has no ordinary trace');
      },
    },
  ],
};
