import type { ExerciseContext, NumberTask, Task } from '../../lab/exercise/model/model.ts';
import { accepted, rejected } from '../kit/answers.ts';
import { evidenceFrom } from '../kit/moments.ts';
import { judgedHarm, pagesIn, qualityIn, sinceThen, slowEndpoint } from './telemetry.ts';

/** What a number was over the last seconds, since it moves while a person types. */
async function overTheLast(
  context: ExerciseContext,
  seconds: number,
  measure: (toMs: number) => Promise<number | undefined>,
): Promise<{ readonly low: number; readonly high: number }> {
  const now = context.clock.now();
  const found = (await Promise.all([now, now - 1000 * seconds].map(measure))).filter(
    (value) => value !== undefined,
  );
  if (found.length === 0) throw new Error('there is nothing to count yet: ask again in half a minute');
  return { low: Math.min(...found), high: Math.max(...found) };
}

const hourly = (context: ExerciseContext) => async (toMs: number) => {
  const fromMs = evidenceFrom(context);
  return (3_600_000 * (await pagesIn(context, { fromMs, toMs })).length) / (toMs - fromMs);
};

export const pagesAnHour: NumberTask = {
  id: 'pages-an-hour',
  prompt:
    'How many pages an hour would the person on call get, if it went on as since the break? Answer as pages=…',
  kind: 'number',
  fields: [
    {
      name: 'pages',
      unit: '',
      tolerance: 0.2,
      truth: (context) => overTheLast(context, 10, hourly(context)),
    },
  ],
  because: 'nobody reads the two hundredth page of a shift as carefully as the first',
  hints: [
    'A page is a message by PagerDuty that fires. npm run lab -- inbox --limit 200 lists them.',
    'Count those since the break, divide by the minutes since then, times 60.',
    'npm run lab -- alerts review --for 2m says it, for the last two minutes.',
  ],
  solve: async (context) => `pages=${Math.round(await hourly(context)(context.clock.now()))}`,
  wrongAnswers: [
    { answer: 'pages=6', why: 'a sane number' },
    {
      why: 'every message by every channel',
      async answer(context) {
        return `pages=${Math.round(3 * (await hourly(context)(context.clock.now())))}`;
      },
    },
  ],
};

const percent = (ratio: number | undefined): number | undefined =>
  ratio === undefined ? undefined : 100 * ratio;

export const precisionRecall: NumberTask = {
  id: 'precision-recall',
  prompt:
    'How good is this alerting since the break? precision: of the times that an alert began to fire, how many percent did users feel? recall: of the times that users were harmed, how many percent was somebody told of in time? Answer as precision=… recall=…',
  kind: 'number',
  fields: [
    {
      name: 'precision',
      unit: '%',
      tolerance: 0.15,
      truth: (context) =>
        overTheLast(context, 10, async (toMs) =>
          percent((await qualityIn(context, { fromMs: evidenceFrom(context), toMs })).precision),
        ),
    },
    {
      name: 'recall',
      unit: '%',
      tolerance: 0.1,
      truth: (context) =>
        overTheLast(context, 10, async (toMs) =>
          percent((await qualityIn(context, { fromMs: evidenceFrom(context), toMs })).recall),
        ),
    },
  ],
  because: 'it misses nothing, because it always rings; that is why it is worth nothing',
  hints: [
    "You need two lists: when alerts began to fire, and when users were harmed by the client's own record.",
    'npm run lab -- alerts review --for 5m lays them side by side.',
    'Take both numbers from its last lines.',
  ],
  async solve(context) {
    const { precision, recall } = await qualityIn(context, sinceThen(context));
    return `precision=${(100 * (precision ?? 0)).toFixed(0)} recall=${(100 * (recall ?? 0)).toFixed(0)}`;
  },
  wrongAnswers: [
    { answer: 'precision=100 recall=100', why: 'everything that fires is true' },
    {
      why: 'precision and recall mixed up',
      async answer(context) {
        const { precision, recall } = await qualityIn(context, sinceThen(context));
        return `precision=${(100 * (recall ?? 0)).toFixed(0)} recall=${(100 * (precision ?? 0)).toFixed(0)}`;
      },
    },
  ],
};

/** The 95th percentile of an endpoint at the gateway while users were harmed last, in seconds. */
async function p95While(context: ExerciseContext, endpoint: string): Promise<number | undefined> {
  const { observe, pace, signal } = context;
  const last = judgedHarm(context, { fromMs: evidenceFrom(context), toMs: context.clock.now() }).at(-1);
  if (last === undefined)
    throw new Error('users have not been harmed since the break: ask again in a minute');
  return observe.prometheus.value(
    `histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{job="gateway", endpoint="${endpoint}"}[${pace.rateWindowSeconds}s])))`,
    { timeMs: last.toMs, signal },
  );
}

const endpoints = ['/api/v1/notes', slowEndpoint, '/api/v1/notes/:id', '/api/v1/orders'] as const;

export const whichWasReal: Task = {
  id: 'which-was-real',
  prompt: 'Among the noise there is something that users feel. Which endpoint is it?',
  kind: 'choice',
  choices: [...endpoints],
  hints: [
    'Most pages name a replica, and all three of them. What do slow requests have in common besides that?',
    'npm run lab -- alerts review says when users were harmed. Look at that time.',
    'histogram_quantile(0.95, sum by (endpoint, le) (rate(http_request_duration_seconds_bucket{job="gateway"}[15s])))',
  ],
  async verify(answer, context) {
    const p95 = await p95While(context, answer);
    return p95 !== undefined && p95 > 0.5
      ? accepted(`its p95 was ${(1000 * p95).toFixed(0)} ms when users were harmed last`)
      : rejected(
          `the p95 of ${answer} was ${p95 === undefined ? 'nothing' : `${(1000 * p95).toFixed(0)} ms`} when users were harmed last`,
        );
  },
  async solve(context) {
    const found = await Promise.all(
      endpoints.map(async (endpoint) => ({ endpoint, p95: (await p95While(context, endpoint)) ?? 0 })),
    );
    return found.reduce((a, b) => (b.p95 > a.p95 ? b : a)).endpoint;
  },
  wrongAnswers: endpoints
    .filter((one) => one !== slowEndpoint)
    .map((answer) => ({ answer, why: 'users do not wait there' })),
};

const candidates = ['HighErrorRate', 'DatabaseDown'] as const;

export const symptom: Task = {
  id: 'symptom-or-cause',
  prompt: 'Both fire: which of them tells what users feel, whatever the cause is?',
  kind: 'choice',
  choices: [...candidates],
  hints: [
    'Look at the expressions of both: Prometheus, Alerts.',
    'A symptom is measured where users are: at the gateway, in their requests.',
    'What would still fire if the network between the gateway and the replicas were cut?',
  ],
  async verify(answer, { observe, signal }) {
    const rules = await observe.prometheus.rules({ signal });
    const rule = rules.find(({ name, state }) => name === answer && state === 'firing');
    if (rule === undefined) return rejected(`${answer} does not fire now`);
    return rule.query.includes('http_requests') && rule.query.includes('job="gateway"')
      ? accepted(`it asks what happens to requests at the gateway: ${rule.query}`)
      : rejected(`it asks about one component: ${rule.query}`);
  },
  async solve({ observe, signal }) {
    const rules = await observe.prometheus.rules({ signal });
    const found = rules.find(
      ({ name, query }) => candidates.some((one) => one === name) && query.includes('http_requests'),
    );
    if (found === undefined) throw new Error('no rule asks about requests');
    return found.name;
  },
  wrongAnswers: [{ answer: 'DatabaseDown', why: 'the cause' }],
};
