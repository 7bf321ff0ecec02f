import { deploy, deployedVersion, replicas } from '../../lab/deploy/deploy.ts';
import type { ExerciseContext, NumberTask, Task } from '../../lab/exercise/model/model.ts';
import { ObserveError } from '../../lab/observe/observe-error.ts';
import { readSlo } from '../../lab/slo/read-slo.ts';
import { defaultVersion, findVersion } from '../../stack/versions.ts';
import { accepted, recentRange, rejected } from '../kit/answers.ts';
import { badVersion, burnRate, failuresByEndpoint } from './telemetry.ts';

const monthHours = 30 * 24;

const burnNow = async ({ observe, signal }: ExerciseContext): Promise<number> => {
  const rate = await observe.prometheus.value(burnRate('fast_short'), { signal });
  if (rate === undefined) throw new Error('Prometheus has no burn rate');
  return rate;
};

const burnAndTime: NumberTask = {
  id: 'burn-and-time',
  prompt:
    'How fast does the budget burn now (short window), and for how many hours would a full budget of 30 days last at that rate? Answer as burn=… hours=…',
  kind: 'number',
  fields: [
    {
      name: 'burn',
      unit: '',
      tolerance: 0.1,
      truth: (context) => recentRange(context, burnRate('fast_short')),
    },
    {
      name: 'hours',
      unit: 'h',
      tolerance: 0.1,
      async truth(context) {
        const { low, high } = await recentRange(context, burnRate('fast_short'));
        return { low: monthHours / high, high: monthHours / low };
      },
    },
  ],
  because:
    'at burn rate 100 the budget of a month is gone in 7.2 hours. 43.2 minutes is how long a full outage may last; at 10 % errors the same budget lasts ten times as long',
  hints: [
    'The burn rate is the error ratio divided by the ratio that the objective allows (0.001). It is recorded.',
    'slo:availability:burn_rate{window="fast_short"}. At burn rate 1 a budget lasts exactly its window.',
    '30 days are 720 hours. Divide them by the burn rate.',
  ],
  async solve(context) {
    const burn = await burnNow(context);
    return `burn=${burn.toFixed(1)} hours=${(monthHours / burn).toFixed(2)}`;
  },
  wrongAnswers: [
    { answer: 'burn=100 hours=0.72', why: 'the minutes of a full outage, taken for hours at 10 %' },
    { answer: 'burn=10 hours=72', why: 'the percentage of errors taken for the burn rate' },
    { answer: 'burn=100 hours=43.2', why: 'the minutes of the budget taken for hours' },
  ],
};

/** The endpoint that fails most, and the version that its failures are logged with. */
async function culprit(context: ExerciseContext): Promise<{ endpoint: string; version: string }> {
  const { observe, pace, clock, signal } = context;
  const failures = await observe.prometheus.query(`topk(1, ${failuresByEndpoint(pace)})`, { signal });
  const endpoint = failures[0]?.labels.endpoint;
  if (endpoint === undefined) throw new Error('at this moment nothing fails');
  const lines = await observe.loki.lines('{service="api", level="error"}', {
    startMs: clock.now() - pace.rateWindowSeconds * 1000,
    endMs: clock.now(),
    signal,
  });
  const versions = lines.map(({ line }) => (JSON.parse(line) as { version?: string }).version);
  const version = versions.at(-1);
  if (version === undefined || new Set(versions).size > 1)
    throw new Error(`the error lines name ${versions.length === 0 ? 'no version' : 'several versions'}`);
  return { endpoint, version };
}

const whatFails: Task = {
  id: 'what-fails',
  prompt: 'Which endpoint fails, and in which version? Answer as: /path version',
  kind: 'text',
  hints: [
    'The gateway counts its answers by endpoint and status: http_requests_total.',
    'sum by (endpoint) (rate(http_requests_total{job="gateway", status=~"5.."}[15s]))',
    'Every log line of the API carries the version that wrote it: {service="api", level="error"} | json',
  ],
  async verify(answer, context) {
    const { endpoint, version } = await culprit(context);
    const words = answer.trim().split(/[\s,]+/);
    if (!words.includes(endpoint)) return rejected('another endpoint fails');
    if (!words.includes(version))
      return rejected('the endpoint is right; the lines of its errors name another version');
    return accepted(`${endpoint} fails since ${version} runs`);
  },
  solve: async (context) => Object.values(await culprit(context)).join(' '),
  wrongAnswers: [
    { answer: '/api/v1/orders 1.1.0', why: 'an endpoint that works' },
    { answer: '/api/v1/notes 1.0.0', why: 'the version of before' },
  ],
};

const policy: Task = {
  id: 'policy',
  prompt: 'The team has agreed on a policy for what is left of the budget. What does it say now?',
  kind: 'choice',
  choices: ['ship', 'escalate', 'alert', 'halt'],
  hints: [
    'Above 50 % left: ship. Below 50 %: escalate. Below 10 %: alert. Spent: halt feature releases.',
    'What is left is recorded: slo:availability:error_budget_remaining. It can be below zero.',
    'npm run lab -- slo says it in its last line.',
  ],
  async verify(answer, { observe, pace, signal }) {
    const { policy: now, budget } = await readSlo(observe.prometheus, pace, signal);
    return answer === now.step
      ? accepted(`${(100 * budget.remainingRatio).toFixed(0)} % are left: ${now.words}`)
      : rejected('look at how much of the budget is left');
  },
  solve: async ({ observe, pace, signal }) => (await readSlo(observe.prometheus, pace, signal)).policy.step,
  wrongAnswers: ['ship', 'escalate', 'alert', 'halt'].map((answer) => ({
    why: 'another step of the policy',
    async answer({ observe, pace, signal }: ExerciseContext) {
      const { policy: now } = await readSlo(observe.prometheus, pace, signal);
      return answer === now.step ? 'none of them' : answer;
    },
  })),
};

const ownBurnRate: Task = {
  id: 'own-burn-rate',
  prompt:
    'Write a PromQL query of your own for the burn rate of the availability at the gateway, from http_requests_total: one number, about 100 now, about 0 before the release.',
  kind: 'promql',
  hints: [
    'Failed requests divided by all requests is the error ratio; both are rates over a window.',
    'Divide the error ratio by what the objective allows: 1 - 0.999.',
    'sum(rate(http_requests_total{job="gateway", status=~"5.."}[15s])) / sum(rate(http_requests_total{job="gateway"}[15s])) / 0.001',
  ],
  async verify(answer, context) {
    if (/slo:|job:/.test(answer)) return rejected('write it from the raw series, not from a recorded one');
    const { observe, timeline, signal } = context;
    try {
      const now = await observe.prometheus.query(answer, { signal });
      if (now.length !== 1) return rejected(`it returns ${now.length} series, one number is wanted`);
      const wanted = await burnNow(context);
      const value = now[0]!.value;
      if (!(Math.abs(value - wanted) <= 0.2 * wanted))
        return rejected(
          `it returns ${Number(value.toPrecision(3))} now; the budget burns faster or slower than that`,
        );
      const before = await observe.prometheus.query(answer, {
        timeMs: (timeline.brokenAtMs ?? timeline.startedAtMs) - 1000,
        signal,
      });
      if (before.some((sample) => sample.value > 14.4))
        return rejected('it returned a burn rate that pages also before the release');
      return accepted(`it returns ${value.toFixed(1)} now, and did not before the release`);
    } catch (error) {
      if (error instanceof ObserveError && (error.failure === 'refused' || error.failure === 'shape'))
        return rejected(error.message);
      throw error;
    }
  },
  solve: async ({ pace }) =>
    `(sum(rate(http_requests_total{job="gateway", status=~"5..", endpoint!~".*/(metrics|health|ready)"}[${pace.rateWindowSeconds}s])) or vector(0)) / sum(rate(http_requests_total{job="gateway", endpoint!~".*/(metrics|health|ready)"}[${pace.rateWindowSeconds}s])) / 0.001`,
  wrongAnswers: [
    { answer: 'slo:availability:burn_rate{window="fast_short"}', why: 'the recorded one' },
    { answer: 'vector(100)', why: 'a constant: it burns before the release as well' },
    {
      answer:
        'sum(rate(http_requests_total{job="gateway", status=~"5.."}[15s])) / sum(rate(http_requests_total{job="gateway"}[15s]))',
      why: 'the error ratio',
    },
  ],
};

const rollBack: Task = {
  id: 'roll-back',
  prompt: 'Stop the loss: bring every replica to a version that works.',
  kind: 'action',
  hints: [
    'Stop the loss first, look for the cause later.',
    'npm run lab -- deploy shows what runs where.',
    'npm run lab -- rollback',
  ],
  how: 'roll back to the version of before: npm run lab -- rollback',
  async verify({ lab }) {
    const running = await Promise.all(replicas.map((one) => deployedVersion(lab, one)));
    const bad = running.filter((version) => version === badVersion).length;
    return bad === 0
      ? accepted(`all replicas run ${[...new Set(running)].join(' and ')}`)
      : rejected(`${bad} of ${replicas.length} replicas still run ${badVersion}`);
  },
  async act({ lab, signal }) {
    await deploy(lab, findVersion(defaultVersion)!, { signal });
  },
};

export const tasks: readonly Task[] = [burnAndTime, whatFails, policy, ownBurnRate, rollBack];
