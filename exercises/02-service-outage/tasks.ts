import type { ExerciseContext, NumberTask, Task } from '../../lab/exercise/model/model.ts';
import { accepted, judgeOwnQuery, recentRange, rejected, whichReplica } from '../kit/answers.ts';
import { evidenceFrom } from '../kit/moments.ts';
import { downSince, lost, replicasDown } from './telemetry.ts';

export const whichIsDown: Task = whichReplica({
  prompt: 'One replica is gone, and users notice nothing. Which one?',
  hints: [
    'Prometheus notes for every target whether its last scrape went well.',
    'That series is called up. It is 1 or 0.',
    'up{job="api"} == 0',
  ],
  async standsOut(context) {
    const [instance, another] = await replicasDown(context);
    if (instance === undefined || another !== undefined)
      throw new Error('at this moment not exactly one replica is down');
    return { instance, because: 'its scrapes fail, and those of the others do not' };
  },
  wrong: 'is scraped without an error',
});

/** Seconds that a person's reading of a graph may be off. */
const toleranceSeconds = 4;

export const sinceWhen: Task = {
  id: 'since-when',
  prompt:
    'Since when has Prometheus not reached it? Give the time of day (HH:MM:SS, yours or UTC) of the first scrape that failed.',
  kind: 'text',
  hints: [
    'In the graph of up{job="api"} one line falls to 0. Where?',
    'Zoom in until one step of the graph is one scrape.',
    'min_over_time(timestamp(up{job="api"} == 0)[15m:1s]) is that moment, in seconds since 1970.',
  ],
  async verify(answer, context) {
    const sinceMs = await downSince(context, lost);
    if (sinceMs === undefined) return rejected('Prometheus reaches every replica now');
    const given = /^(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?Z?$/.exec(answer.trim());
    if (given === null) return rejected('that is not a time of day: write it as 14:05:09');
    const [hours, minutes, seconds] = given.slice(1).map(Number) as [number, number, number];
    const inDay = (3600 * hours + 60 * minutes + seconds) % 86_400;
    const distance = (ofDay: number): number => {
      const apart = Math.abs(ofDay - inDay) % 86_400;
      return Math.min(apart, 86_400 - apart);
    };
    const since = new Date(sinceMs);
    const utc = (sinceMs / 1000) % 86_400;
    const local = utc - 60 * since.getTimezoneOffset();
    const apart = Math.min(distance(utc), distance(local));
    return apart <= toleranceSeconds
      ? accepted(`the first scrape that failed was at ${since.toISOString().slice(11, 19)} UTC`)
      : rejected('at that time its scrapes did not begin to fail');
  },
  async solve(context) {
    const sinceMs = await downSince(context, lost);
    if (sinceMs === undefined) throw new Error('Prometheus reaches every replica');
    return new Date(sinceMs).toISOString().slice(11, 19);
  },
  wrongAnswers: [
    {
      why: 'a minute too early',
      answer: async (context) =>
        new Date(((await downSince(context, lost)) ?? evidenceFrom(context)) - 60_000)
          .toISOString()
          .slice(11, 19),
    },
    { answer: 'a while ago', why: 'no time of day' },
  ],
};

const shareOf = (upstream: string): string => `gateway:upstream_share:ratio{upstream="${upstream}"}`;

export const sharesNow: NumberTask = {
  id: 'shares-now',
  prompt:
    'Which share of the requests, in percent, does each of the other two take now? Answer as api-1=… api-3=…',
  kind: 'number',
  fields: ['api-1', 'api-3'].map((name) => ({
    name,
    unit: '%',
    tolerance: 0.08,
    truth: (context: ExerciseContext) => recentRange(context, shareOf(name), 100),
  })),
  because:
    'two carry what three carried: each does half as much again. Is there room for that at your busiest hour?',
  hints: [
    'The gateway counts what it sends to each upstream: gateway_upstream_requests_total.',
    'The share is recorded: gateway:upstream_share:ratio.',
    'Multiply it by 100. Wait until the window of 15 seconds lies behind the break.',
  ],
  async solve({ observe, signal }) {
    const shares = await Promise.all(
      ['api-1', 'api-3'].map(async (name) => {
        const value = await observe.prometheus.value(shareOf(name), { signal });
        if (value === undefined) throw new Error(`Prometheus has no share of ${name}`);
        return `${name}=${(100 * value).toFixed(1)}`;
      }),
    );
    return shares.join(' ');
  },
  wrongAnswers: [
    { answer: 'api-1=33.3 api-3=33.3', why: 'the shares of before' },
    { answer: 'api-1=66 api-3=34', why: 'as if only one had taken over' },
  ],
};

/** Attempts at the replica that got no answer, and requests that failed for users, since the break. */
const lostAttempts = `gateway_upstream_requests_total{upstream="${lost}", status!~"[0-9]+"}`;
const failedRequests = 'http_requests_total{job="gateway", status=~"5..", endpoint=~"/api/v1/.*"}';

async function increaseSinceBreak(context: ExerciseContext, selector: string): Promise<number> {
  const { prometheus } = context.observe;
  const at = async (timeMs: number): Promise<number> =>
    (await prometheus.value(`sum(${selector})`, { timeMs, signal: context.signal })) ?? 0;
  return (await at(context.clock.now())) - (await at(evidenceFrom(context)));
}

const sinceBreak = (name: string, selector: string): NumberTask['fields'][number] => ({
  name,
  unit: '',
  tolerance: 0,
  async truth(context) {
    const now = await increaseSinceBreak(context, selector);
    // A counter's newest scrape may be a second old.
    return { low: now - 1, high: now + 1 };
  },
});

export const whatIsHidden: NumberTask = {
  id: 'what-is-hidden',
  prompt:
    'Since the break: how many calls of the gateway to the hanging replica got no answer, and how many requests of users failed? Answer as attempts=… failed=…',
  kind: 'number',
  fields: [sinceBreak('attempts', lostAttempts), sinceBreak('failed', failedRequests)],
  because:
    'what may be repeated is repeated on another replica, so that the success rate shows only what may not: it hides the rest of the loss',
  hints: [
    'The gateway counts its calls by upstream and status. A status that is a word is a call without an answer.',
    `Compare sum(${lostAttempts}) now with a minute ago, or with the moment of the break.`,
    `Users: sum(increase(http_requests_total{job="gateway", status=~"5.."}[5m])), rounded. The gateway repeats what is safe to repeat (GET, PUT, DELETE), once.`,
  ],
  async solve(context) {
    const [attempts, failed] = await Promise.all([
      increaseSinceBreak(context, lostAttempts),
      increaseSinceBreak(context, failedRequests),
    ]);
    return `attempts=${attempts} failed=${failed}`;
  },
  wrongAnswers: [
    {
      why: 'taken for what users felt',
      async answer(context) {
        const attempts = await increaseSinceBreak(context, lostAttempts);
        return `attempts=${attempts} failed=${attempts + 10}`;
      },
    },
    { answer: 'attempts=0 failed=0', why: 'a hang that nobody noticed' },
  ],
};

export const tellsHanging: Task = {
  id: 'tells-hanging',
  prompt:
    'Write a PromQL query that returns a replica that hangs, and neither one that has stopped (as in the first act) nor a healthy one. Do not name the replica in it.',
  kind: 'promql',
  hints: [
    'Both are up == 0. How long did the scrape take until it was given up?',
    'Prometheus notes that for each target: scrape_duration_seconds.',
    'scrape_duration_seconds{job="api"} > 0.5 and up == 0',
  ],
  verify(answer, context) {
    const { brokenAtMs, startedAtMs } = context.timeline;
    return judgeOwnQuery(answer, context, {
      instance: lost,
      nothingAt: [
        { timeMs: (brokenAtMs ?? startedAtMs) - 1000, state: 'before the break' },
        { timeMs: stoppedAt(context), state: 'while the replica had stopped' },
      ],
    });
  },
  solve: async ({ pace }) =>
    `scrape_duration_seconds{job="api"} > ${0.5 * pace.scrapeIntervalSeconds} and up{job="api"} == 0`,
  wrongAnswers: [
    { answer: 'up{job="api"} == 0', why: 'true of a stopped one as well' },
    { answer: 'up{instance="api-2"} == 0', why: 'names the replica' },
    { answer: 'scrape_duration_seconds{job="api"}', why: 'returns every replica' },
  ],
};

/** A moment of the first act in which its break had been seen: the event log knows. */
function stoppedAt({ events, timeline }: ExerciseContext): number {
  const observed = events
    .read({ kinds: ['phase'] })
    .findLast(
      (one) =>
        one.act === 'stop' &&
        one.details?.phase === 'observed' &&
        Date.parse(one.at) < (timeline.brokenAtMs ?? timeline.startedAtMs),
    );
  if (observed === undefined)
    throw new Error('the event log does not know when the first act was seen broken');
  return Date.parse(observed.at);
}

/** Back by any way: started, restarted, woken. */
export function bringBack(task: {
  id: string;
  prompt: string;
  how: string;
  act: (context: Parameters<Extract<Task, { kind: 'action' }>['act']>[0]) => Promise<void>;
}): Task {
  return {
    ...task,
    kind: 'action',
    hints: [
      'npm run lab -- status says what does not run.',
      'Whatever way you choose, the process has to answer /ready. On Docker: docker start, docker unpause.',
      'npm run lab -- up starts what is missing, and wakes what was paused.',
    ],
    async verify({ lab }) {
      const status = (await lab.status()).find(({ id }) => id === lost);
      return status?.state === 'running' && status.ready
        ? accepted(`${lost} runs and answers`)
        : rejected(
            `${lost} is ${status?.state ?? 'missing'}${status?.state === 'running' ? ' and does not answer' : ''}`,
          );
    },
  };
}
