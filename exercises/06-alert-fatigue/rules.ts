// The rules: what the learner writes, and how it is judged.
import { type AlertingQuality, judgeAlerting, judgedStretches } from '../../lab/alerts/judge-alerting.ts';
import { alertingRules, harmIn, replayIn, tellWithinSeconds } from '../../lab/alerts/review.ts';
import type { ExerciseContext, FileTask, Judgement } from '../../lab/exercise/model/model.ts';
import { accepted, rejected } from '../kit/answers.ts';
import { evidenceFrom } from '../kit/moments.ts';
import { userRequests } from '../kit/queries.ts';
import {
  clock,
  judgedHarm,
  limitMs,
  noisyAlert,
  noisySummary,
  qualityIn,
  rulesFile,
  wholeHarmSeconds,
} from './telemetry.ts';

const leastPrecision = 0.9;

/** The noisy rule with other words from `alert:` to its severity. */
function withRule(current: string, rule: string): string {
  const block = new RegExp(`      - alert: ${noisyAlert}\\n[\\s\\S]*?severity: critical`);
  if (!block.test(current)) throw new Error(`${rulesFile.path} has no ${noisyAlert} where it is looked for`);
  return current.replace(block, () => rule.trimEnd()).replace(noisySummary, "summary: 'Users wait'");
}

const ruleOf = (about: { expr: string; for: string; severity: string }): string => `      - alert: UsersWait
        expr: ${about.expr}
        for: ${about.for}
        labels:
          severity: ${about.severity}`;

const waitOf = (current: string): string =>
  /alert: HighErrorRate[\s\S]*?for: (\S+)/.exec(current)?.[1] ?? '5s';

const users = `job="gateway", ${userRequests}`;
/** The window that rates are taken over in this file. */
const windowOf = (current: string): string =>
  /rate\(notes_created_total\[(\S+?)\]/.exec(current)?.[1] ?? '15s';

/** Users' pain at the gateway, sustained. */
export const goodRules = (current: string): string =>
  withRule(
    current,
    ruleOf({
      expr: 'gateway:http_request_duration_seconds:p95 > 0.5',
      for: waitOf(current),
      severity: 'high',
    }),
  );

/** What is wrong with it, with times; undefined where nothing is. */
function faultIn(quality: AlertingQuality, when: string, limitSeconds: number): string | undefined {
  const { missed, unfounded, episodes, precision } = quality;
  const first = missed[0];
  if (first !== undefined)
    return `${when}, users were harmed from ${clock(first.fromMs)} to ${clock(first.toMs)}, and no alert that reaches a person at once began within ${limitSeconds} s (missed ${missed.length} of ${quality.stretches})`;
  if (precision !== undefined && precision < leastPrecision) {
    const names = [...new Set(unfounded.map((one) => one.alertname))].join(', ');
    return `${when}, ${unfounded.length} of ${episodes} times users felt nothing (${names}, first at ${clock(unfounded[0]!.fromMs)})`;
  }
  return undefined;
}

/** By what the rules would have done since the break, and by what they do now. Several are right. */
async function judge(context: ExerciseContext): Promise<Judgement> {
  const { clock: time, pace, signal } = context;
  const limitSeconds = tellWithinSeconds(pace);
  const past = { fromMs: evidenceFrom(context), toMs: time.now() };
  const harm = harmIn(context, past);
  if (judgedStretches(harm, past, limitMs(context)).length === 0)
    return rejected(
      'users have not been harmed since the break, so there is nothing to replay: ask again in a minute',
    );
  const rules = await alertingRules(context);
  const replayed = judgeAlerting(await replayIn(context, past), harm, past, { limitMs: limitMs(context) });
  const then = faultIn(replayed, 'replayed over what has happened', limitSeconds);
  if (then !== undefined) return rejected(then);

  // What comes next is told by the inbox: routes and silences count as well.
  const fromMs = time.now();
  const deadlineMs = fromMs + 1000 * wholeHarmSeconds(pace);
  const fresh = (): { fromMs: number; toMs: number } => ({ fromMs, toMs: time.now() });
  while (judgedHarm(context, fresh()).length === 0) {
    if (time.now() > deadlineMs)
      return rejected('users were not harmed while the rules were watched: does the load run?');
    await time.sleep(1000, signal);
  }
  const now = await qualityIn(context, fresh());
  const missed = faultIn(now, 'since you applied them', limitSeconds);
  if (missed !== undefined) return rejected(missed);
  return accepted(
    `replayed: ${replayed.founded} of ${replayed.episodes} alerts were felt by users, ${replayed.told} of ${replayed.stretches} harms told; since then ${now.told} of ${now.stretches} told, ${now.founded} of ${now.episodes} felt; ${rules.length} alerting rules`,
  );
}

export const writeRules: FileTask = {
  kind: 'file',
  id: 'write-rules',
  prompt: `Edit alerts.yml: of the alerts that fire, users have to feel at least nine in ten; whenever users are harmed, somebody has to be told within the limit (a rate window and the "for" of a page). Apply it, then ask whether it is right.`,
  hints: [
    `Look at ${noisyAlert}: over which time does it look, how much does it want, and for how long?`,
    'Ask for what users feel, over a window, for a while: p95 at the gateway is recorded as gateway:http_request_duration_seconds:p95.',
    'gateway:http_request_duration_seconds:p95 > 0.5, for as long as HighErrorRate waits, with severity high or warning.',
  ],
  file: rulesFile,
  verify: judge,
  judgedWithinSeconds: (pace) => wholeHarmSeconds(pace) + 30,
  solution: goodRules,
  how: 'alert on p95 at the gateway above 500 ms, sustained, instead of on any slow request',
  alsoRight: [
    {
      how: 'the share of requests at the gateway that take longer than half a second',
      content: (current) =>
        withRule(
          current,
          ruleOf({
            expr: `1 - sum(rate(http_request_duration_seconds_bucket{${users}, le="0.5"}[${windowOf(current)}])) / sum(rate(http_request_duration_seconds_count{${users}}[${windowOf(current)}])) > 0.04`,
            for: waitOf(current),
            severity: 'warning',
          }),
        ),
    },
    {
      how: 'the worst p95 of an endpoint at the gateway',
      content: (current) =>
        withRule(
          current,
          ruleOf({
            expr: `max(histogram_quantile(0.95, sum by (endpoint, le) (rate(http_request_duration_seconds_bucket{${users}, endpoint=~"/api/.*"}[${windowOf(current)}])))) > 0.5`,
            for: waitOf(current),
            severity: 'high',
          }),
        ),
    },
    {
      how: 'the mean time of a request at the gateway, as far above its usual as only harm brings it',
      content: (current) =>
        withRule(
          current,
          ruleOf({
            expr: `sum(rate(http_request_duration_seconds_sum{${users}}[${windowOf(current)}])) / sum(rate(http_request_duration_seconds_count{${users}}[${windowOf(current)}])) > 0.12`,
            for: waitOf(current),
            severity: 'critical',
          }),
        ),
    },
  ],
  wrongContents: [
    {
      why: 'it waits for an hour, and the harm is over',
      content: (current) =>
        withRule(
          current,
          ruleOf({ expr: 'gateway:http_request_duration_seconds:p95 > 0.5', for: '1h', severity: 'high' }),
        ),
    },
    {
      why: 'no rule, no noise, and nobody is told',
      content: (current) =>
        withRule(current, ruleOf({ expr: 'vector(1) > 2', for: '0s', severity: 'critical' })),
    },
    {
      why: 'severity none: it fires, and nobody is told at once',
      content: (current) =>
        withRule(
          current,
          ruleOf({
            expr: 'gateway:http_request_duration_seconds:p95 > 0.5',
            for: waitOf(current),
            severity: 'none',
          }),
        ),
    },
    {
      why: 'a threshold of ten seconds',
      content: (current) =>
        withRule(
          current,
          ruleOf({
            expr: 'gateway:http_request_duration_seconds:p95 > 10',
            for: waitOf(current),
            severity: 'high',
          }),
        ),
    },
    {
      why: 'as noisy as before, but called a warning',
      content: (current) => current.replace(/(for: 0s\n {8}labels:\n {10}severity: )critical/, '$1warning'),
    },
  ],
};
