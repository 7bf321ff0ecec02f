import type { ExerciseContext, NumberTask, Task } from '../../lab/exercise/model.ts';
import { missAll } from '../../lab/statistics/binomial.ts';
import { accepted, rejected } from '../kit/answers.ts';
import { evidenceFrom } from '../kit/moments.ts';
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
