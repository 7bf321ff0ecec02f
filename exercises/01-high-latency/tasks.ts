import type { ExerciseContext, Judgement, Task } from '../../lab/exercise/model.ts';
import { ObserveError } from '../../lab/observe/observe-error.ts';
import type { Span } from '../../lab/observe/otlp.ts';
import {
  evidenceFrom,
  isDatabaseSpan,
  isSlowQuery,
  p95Of,
  serviceMean,
  slow,
  slowTraces,
  tracesSince,
  windowTurns,
} from './telemetry.ts';

const accepted = (because: string): Judgement => ({ accepted: true, because });
const rejected = (because: string): Judgement => ({ accepted: false, because });

/** The replica with the highest p95 now, and by how much it leads. */
async function slowestReplica(context: ExerciseContext): Promise<{ instance: string; leadsBy: number }> {
  const samples = await context.observe.prometheus.query(`sort_desc(${p95Of('api-.*')})`, {
    signal: context.signal,
  });
  const [first, second] = samples.filter((sample) => !Number.isNaN(sample.value));
  if (first === undefined) throw new Error('Prometheus has no p95 of any replica');
  return { instance: first.labels.instance ?? '', leadsBy: first.value / (second?.value ?? Number.NaN) };
}

const whichReplica: Task = {
  id: 'which-replica',
  prompt: 'One replica is slow. Which one?',
  kind: 'choice',
  choices: ['api-1', 'api-2', 'api-3'],
  hints: [
    'A mean over all replicas will not tell you. Ask Prometheus for something that has one series for each instance.',
    'There is a recorded p95 for each instance: its name begins with instance:http_request_duration_seconds.',
    'topk(1, instance:http_request_duration_seconds:p95)',
  ],
  async verify(answer, context) {
    const { instance, leadsBy } = await slowestReplica(context);
    if (!(leadsBy > 2))
      return rejected(
        'at the moment no replica is clearly slower than the others; look again in a few seconds',
      );
    return answer === instance
      ? accepted(`its p95 is ${leadsBy.toFixed(0)} times that of the next`)
      : rejected(`the p95 of ${answer} is no higher than it always is`);
  },
  solve: async (context) => (await slowestReplica(context)).instance,
  wrongAnswers: [
    { answer: 'api-2', why: 'a healthy replica' },
    { answer: 'api-3', why: 'a healthy replica' },
  ],
};

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

/**
 * What a number was over the last rate window: it moves while a person types. What lies before the window has filled
 * with the break is left out, because it belongs to the way there.
 */
async function recentRange(
  context: ExerciseContext,
  promql: string,
): Promise<{ lowMs: number; highMs: number }> {
  const { pace, clock, signal } = context;
  const endMs = clock.now();
  const filledMs = evidenceFrom(context) + windowTurns(pace) * 1000;
  const lookBackMs = pace.rateWindowSeconds * 1000;
  const startMs = Math.min(
    Math.max(filledMs, endMs - lookBackMs),
    endMs - 2 * pace.scrapeIntervalSeconds * 1000,
  );
  const stepSeconds = pace.scrapeIntervalSeconds;
  const series = await context.observe.prometheus.queryRange(promql, { startMs, endMs, stepSeconds, signal });
  const values = series
    .flatMap((one) => one.points.map((point) => point.value * 1000))
    .filter(Number.isFinite);
  if (values.length === 0) throw new Error(`Prometheus has no value for ${promql}`);
  return { lowMs: Math.min(...values), highMs: Math.max(...values) };
}

/** A fifth either way beyond what was measured meanwhile: whatever window the learner chose. */
const within = (value: number, { lowMs, highMs }: { lowMs: number; highMs: number }): boolean =>
  value >= lowMs * 0.8 && value <= highMs * 1.2;

const meanAndP95: Task = {
  id: 'mean-and-p95',
  prompt:
    'Compute two numbers in milliseconds: the mean answer time of all replicas together, and the p95 of the slow one. Answer as "mean p95", such as "20 90".',
  kind: 'text',
  hints: [
    'A mean is the sum of the times divided by their number: a histogram has both, as _sum and _count.',
    'sum(rate(http_request_duration_seconds_sum{job="api"}[15s])) / sum(rate(http_request_duration_seconds_count{job="api"}[15s])), times 1000. Leave the probes out: endpoint!~".*/(metrics|health|ready)"',
    'The p95 of the slow replica is recorded: instance:http_request_duration_seconds:p95{instance="api-1"}, times 1000.',
  ],
  async verify(answer, context) {
    const numbers = answer.match(/\d+(\.\d+)?/g)?.map(Number) ?? [];
    const [mean, p95] = numbers;
    if (mean === undefined || p95 === undefined || numbers.length !== 2) {
      return rejected('two numbers are wanted, the mean and then the p95, in milliseconds');
    }
    const [means, p95s] = await Promise.all([
      recentRange(context, serviceMean(context.pace)),
      recentRange(context, p95Of(slow)),
    ]);
    if (!within(mean, means)) return rejected('that is not the mean over all replicas');
    if (!within(p95, p95s)) return rejected('the mean is right, but that is not the p95 of the slow replica');
    return accepted(
      `a mean of ${Math.round(mean)} ms looks well, while one in twenty requests to that replica waits ${Math.round(p95)} ms`,
    );
  },
  async solve(context) {
    const { prometheus } = context.observe;
    const [mean, p95] = await Promise.all([
      prometheus.value(serviceMean(context.pace), { signal: context.signal }),
      prometheus.value(p95Of(slow), { signal: context.signal }),
    ]);
    if (mean === undefined || p95 === undefined) throw new Error('Prometheus has no mean or no p95');
    return `${(mean * 1000).toFixed(1)} ${(p95 * 1000).toFixed(1)}`;
  },
  wrongAnswers: [
    {
      why: 'the two swapped',
      answer: async (context) => (await meanAndP95.solve(context)).split(' ').reverse().join(' '),
    },
    {
      why: 'the mean taken for the p95',
      async answer(context) {
        const [mean] = (await meanAndP95.solve(context)).split(' ');
        return `${mean} ${mean}`;
      },
    },
    { answer: 'fast slow', why: 'no numbers' },
  ],
};

const misleads = 'most requests go to healthy replicas, and their many fast answers hide the few slow ones';

const whyItMisleads: Task = {
  id: 'why-the-mean-misleads',
  prompt: 'Why does the mean over all replicas look well while users of one replica suffer?',
  kind: 'choice',
  choices: [
    'Prometheus averages over a longer window than it computes quantiles for',
    misleads,
    'the mean leaves out requests that take longer than the rate window',
    'the slow requests fail, and failed requests are not in the histogram',
  ],
  hints: [
    'Compare the shares of the replicas: gateway:upstream_share:ratio.',
    'The gateway sends a replica less when its requests take longer. What does that do to a mean over all requests?',
  ],
  /** The words stay the same; whether they describe this system now is asked of the telemetry. */
  async verify(answer, context) {
    const { prometheus } = context.observe;
    const [mean, p95, share] = await Promise.all([
      prometheus.value(serviceMean(context.pace), { signal: context.signal }),
      prometheus.value(p95Of(slow), { signal: context.signal }),
      prometheus.value(`gateway:upstream_share:ratio{upstream="${slow}"}`, { signal: context.signal }),
    ]);
    if (
      mean === undefined ||
      p95 === undefined ||
      share === undefined ||
      !(p95 > 2 * mean) ||
      !(share < 0.5)
    ) {
      return rejected('at the moment the mean hides nothing; look again in a few seconds');
    }
    return answer === misleads
      ? accepted(`only ${Math.round(share * 100)} % of the requests go to the slow replica`)
      : rejected('the telemetry says otherwise: look at where the requests go');
  },
  async solve(context) {
    const { prometheus } = context.observe;
    const share = await prometheus.value(`gateway:upstream_share:ratio{upstream="${slow}"}`, {
      signal: context.signal,
    });
    if (share === undefined || !(share < 0.5)) throw new Error('the shares do not explain the mean');
    return misleads;
  },
  wrongAnswers: [
    { answer: 'a', why: 'mean and quantile have the same window' },
    { answer: 'c', why: 'a rate leaves no request out' },
    { answer: 'd', why: 'the slow requests succeed' },
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
  async verify(answer, context) {
    if (/api-\d/.test(answer))
      return rejected('the query names a replica: it would find that one, slow or not');
    const { prometheus } = context.observe;
    const { brokenAtMs, startedAtMs } = context.timeline;
    const healthyAtMs = (brokenAtMs ?? startedAtMs) - 1000;
    try {
      const [now, before] = await Promise.all([
        prometheus.query(answer, { signal: context.signal }),
        prometheus.query(answer, { timeMs: healthyAtMs, signal: context.signal }),
      ]);
      const found = [...new Set(now.map((sample) => sample.labels.instance ?? ''))];
      if (found.length === 0) return rejected('the query returns nothing now');
      if (found.length > 1 || found[0] !== slow) {
        return rejected(
          `the query returns ${found.map((name) => name || 'a series without an instance').join(', ')}`,
        );
      }
      if (before.length > 0)
        return rejected(
          'the query returned something before the break, too: it does not tell slow from well',
        );
      return accepted(`it returns ${found[0]} now, and returned nothing before the break`);
    } catch (error) {
      if (error instanceof ObserveError && (error.failure === 'refused' || error.failure === 'shape')) {
        return rejected(error.message);
      }
      throw error;
    }
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

export const tasks: readonly Task[] = [
  whichReplica,
  whichSpan,
  aTraceId,
  meanAndP95,
  whyItMisleads,
  ownQuery,
];
