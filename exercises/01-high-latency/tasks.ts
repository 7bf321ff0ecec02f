import type { ExerciseContext, NumberTask, Task } from '../../lab/exercise/model/model.ts';
import type { Span } from '../../lab/observe/otlp.ts';
import { accepted, judgeOwnQuery, recentRange, rejected, whichReplica } from '../kit/answers.ts';
import { evidenceFrom } from '../kit/moments.ts';
import { p95Of } from '../kit/queries.ts';
import { tracesSince } from '../kit/traces.ts';
import { isDatabaseSpan, isSlowQuery, serviceMean, slow, slowTraces } from './telemetry.ts';

/** The replica with the highest p95 now, and by how much it leads. */
async function slowestReplica(context: ExerciseContext): Promise<{ instance: string; because: string }> {
  const samples = await context.observe.prometheus.query(`sort_desc(${p95Of('api-.*')})`, {
    signal: context.signal,
  });
  const [first, second] = samples.filter((sample) => !Number.isNaN(sample.value));
  if (first === undefined || second === undefined) throw new Error('Prometheus has no p95 of the replicas');
  if (!(first.value > 3 * second.value)) throw new Error('at this moment no replica stands out');
  const leadsBy = (first.value / second.value).toFixed(0);
  return { instance: first.labels.instance ?? '', because: `its p95 is ${leadsBy} times that of the next` };
}

const which: Task = whichReplica({
  prompt: 'One replica is slow. Which one?',
  hints: [
    'A mean over all replicas will not tell you. Ask Prometheus for something that has one series for each instance.',
    'There is a recorded p95 for each instance: its name begins with instance:http_request_duration_seconds.',
    'topk(1, instance:http_request_duration_seconds:p95)',
  ],
  standsOut: slowestReplica,
  wrong: 'is no slower than it always is',
});

/** A span's own time: its duration without what its children cover. */
function selfTimes(spans: readonly Span[]): Map<Span, number> {
  return new Map(
    spans.map((span) => {
      const children = spans
        .filter((one) => one.parentSpanId === span.spanId)
        .sort((a, b) => a.startMs - b.startMs);
      let covered = 0;
      let until = span.startMs;
      for (const child of children) {
        const end = child.startMs + child.durationMs;
        covered += Math.max(0, end - Math.max(until, child.startMs));
        until = Math.max(until, end);
      }
      return [span, span.durationMs - covered];
    }),
  );
}

/** One slow trace, and the span in it that takes the time itself. */
async function aSlowTrace(context: ExerciseContext): Promise<{ spans: readonly Span[]; culprit: Span }> {
  for (const spans of (await slowTraces(context, evidenceFrom(context))).values()) {
    const [culprit] = [...selfTimes(spans)].sort(([, a], [, b]) => b - a).map(([span]) => span);
    if (culprit !== undefined) return { spans, culprit };
  }
  throw new Error('Jaeger has no slow trace');
}

const whichSpan: Task = {
  id: 'which-span',
  prompt: 'Open a slow trace. Which span spends the time itself, not in a child? Give its name.',
  kind: 'text',
  hints: [
    'In Jaeger, search the service "api" with a minimum duration of 500ms, and open one of the traces.',
    'The outer spans are long because they wait for the inner ones. Go down to the first long span that has no long child.',
    'It is the client span of a call to PostgreSQL: its name begins with "pg".',
  ],
  async verify(answer, context) {
    const { spans, culprit } = await aSlowTrace(context);
    const named = (span: Span): boolean => span.name.toLowerCase() === answer.trim().toLowerCase();
    if (named(culprit)) return accepted(`in that trace it takes ${Math.round(culprit.durationMs)} ms itself`);
    return spans.some(named)
      ? rejected('that span is there, but it mostly waits for a span below it')
      : rejected('no span of the slow trace has that name');
  },
  solve: async (context) => (await aSlowTrace(context)).culprit.name,
  wrongAnswers: [
    {
      why: 'the root span: it is the longest, and waits for all others',
      async answer(context) {
        const { spans } = await aSlowTrace(context);
        const root = spans.find((span) => span.parentSpanId === '');
        if (root === undefined) throw new Error('the slow trace has no root span');
        return root.name;
      },
    },
    { answer: 'garbage collection', why: 'no span of the trace' },
  ],
};

const aTraceId: Task = {
  id: 'trace-id',
  prompt: 'Give the ID of a trace in which a query of the slow replica took 500 ms or more.',
  kind: 'trace-id',
  hints: [
    'Two ways lead there: a search in Jaeger by minimum duration, or a log line that carries its trace_id.',
    'In Loki: {instance="api-1"} |= "query" | json | duration_ms > 400',
    'Take the field trace_id of any of those lines: 32 hexadecimal digits.',
  ],
  async verify(answer, context) {
    const spans = await context.observe.jaeger.trace(answer, { signal: context.signal });
    if (spans.length === 0) return rejected('Jaeger knows no trace of that ID');
    const query = spans.find((span) => isSlowQuery(span));
    if (query === undefined) return rejected('in that trace no query of the slow replica took 500 ms');
    return accepted(`its ${query.name} on ${query.instance} took ${Math.round(query.durationMs)} ms`);
  },
  async solve(context) {
    const [id] = (await slowTraces(context, evidenceFrom(context))).keys();
    if (id === undefined) throw new Error('Jaeger has no slow trace');
    return id;
  },
  wrongAnswers: [
    {
      why: 'a trace of a healthy replica',
      async answer(context) {
        const traces = await tracesSince(context, evidenceFrom(context));
        for (const [id, spans] of traces) {
          if (!spans.some((span) => span.instance === slow) && spans.some(isDatabaseSpan)) return id;
        }
        throw new Error('Jaeger has no trace of a healthy replica');
      },
    },
    { answer: '0123456789abcdef0123456789abcdef', why: 'an invented ID' },
    { answer: 'api-1', why: 'no trace ID at all' },
  ],
};

const meanAndP95: NumberTask = {
  id: 'mean-and-p95',
  prompt:
    'Compute two numbers in milliseconds: the mean answer time of all replicas together, and the p95 of the slow one. Answer as mean=… p95=…',
  kind: 'number',
  fields: [
    {
      name: 'mean',
      unit: 'ms',
      tolerance: 0.2,
      truth: (context) => recentRange(context, serviceMean(context.pace), 1000),
    },
    { name: 'p95', unit: 'ms', tolerance: 0.2, truth: (context) => recentRange(context, p95Of(slow), 1000) },
  ],
  because: 'a mean that looks well, while one in twenty requests to that replica waits ten times as long',
  hints: [
    'A mean is the sum of the times divided by their number: a histogram has both, as _sum and _count.',
    'sum(rate(http_request_duration_seconds_sum{job="api"}[15s])) / sum(rate(http_request_duration_seconds_count{job="api"}[15s])), times 1000. Leave the probes out: endpoint!~".*/(metrics|health|ready)"',
    'The p95 of the slow replica is recorded: instance:http_request_duration_seconds:p95{instance="api-1"}, times 1000.',
  ],
  async solve(context) {
    const { prometheus } = context.observe;
    const [mean, p95] = await Promise.all([
      prometheus.value(serviceMean(context.pace), { signal: context.signal }),
      prometheus.value(p95Of(slow), { signal: context.signal }),
    ]);
    if (mean === undefined || p95 === undefined) throw new Error('Prometheus has no mean or no p95');
    return `mean=${(mean * 1000).toFixed(1)} p95=${(p95 * 1000).toFixed(1)}`;
  },
  wrongAnswers: [
    {
      why: 'the two swapped',
      async answer(context) {
        const [mean, p95] = (await meanAndP95.solve(context)).match(/[\d.]+(?=\s|$)/g) ?? [];
        return `mean=${p95} p95=${mean}`;
      },
    },
    {
      why: 'seconds taken for milliseconds',
      answer: async (context) =>
        (await meanAndP95.solve(context)).replace(/=([\d.]+)/g, (_, ms) => `=${Number(ms) / 1000}`),
    },
    { answer: 'fast slow', why: 'no numbers' },
  ],
};

const ownQuery: Task = {
  id: 'own-query',
  prompt:
    'Write a PromQL query that returns the slow replica and nothing else, and would return nothing if all were well. Do not name the replica in it.',
  kind: 'promql',
  hints: [
    'A comparison filters: what does not meet it is left out of the result.',
    'Take a quantile for each instance, and compare it with a limit that the healthy replicas stay below.',
    'histogram_quantile(0.95, sum by (instance, le) (rate(http_request_duration_seconds_bucket{job="api"}[15s]))) > 0.4',
  ],
  verify(answer, context) {
    const { brokenAtMs, startedAtMs } = context.timeline;
    return judgeOwnQuery(answer, context, {
      instance: slow,
      nothingAt: [{ timeMs: (brokenAtMs ?? startedAtMs) - 1000, state: 'before the break' }],
    });
  },
  solve: async ({ pace }) =>
    `histogram_quantile(0.95, sum by (instance, le) (rate(http_request_duration_seconds_bucket{job="api"}[${pace.rateWindowSeconds}s]))) > 0.4`,
  wrongAnswers: [
    { answer: 'up{job="api"} == 1', why: 'returns every replica, slow or not' },
    { answer: 'http_requests_total{instance="api-1"}', why: 'names the replica' },
    {
      answer: 'topk(1, instance:http_request_duration_seconds:p95)',
      why: 'returns a replica also when all are well',
    },
    { answer: 'sum(rate(http_request_duration_seconds_sum[15s])', why: 'no PromQL: a bracket is missing' },
  ],
};

export const tasks: readonly Task[] = [which, whichSpan, aTraceId, meanAndP95, ownQuery];
