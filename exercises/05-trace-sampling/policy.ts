// The tail policy: what is in force, what a learner writes, and how it is judged.
import type { ExerciseContext, FileTask, Judgement } from '../../lab/exercise/model/model.ts';
import { accepted, rejected } from '../kit/answers.ts';
import {
  failed,
  jaegerYaml,
  keptTraces,
  type LoggedRequest,
  loggedRequests,
  missingTraces,
  settledMs,
  slow,
  slowFromMs,
} from './telemetry.ts';

/** What the lab's own jaeger.yaml says: keep everything. */
export const keepEverything = '      - name: keep-everything\n        type: always_sample';
/** What breaks it: one trace in a hundred, whatever it is. */
export const oneInAHundred =
  '      - name: one-in-a-hundred\n        type: probabilistic\n        probabilistic: {sampling_percentage: 1}';

const errors = '      - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}';
const slowOnes = `      - {name: slow, type: latency, latency: {threshold_ms: ${slowFromMs - 100}}}`;
const share = '      - {name: share, type: probabilistic, probabilistic: {sampling_percentage: 5}}';

/** The file with other policies. */
function withPolicies(current: string, ...policies: string[]): string {
  const block = /( {4}policies:\n)((?: {6}.*\n)+)/;
  if (!block.test(current)) throw new Error('jaeger.yaml has no policies where they are looked for');
  return current.replace(block, (_, head: string) => `${head}${policies.join('\n')}\n`);
}

export const goodPolicy = (current: string): string => withPolicies(current, errors, slowOnes, share);

/** By the status that the span carries, instead of its own status. */
const byStatusCode =
  '      - {name: errors, type: numeric_attribute, numeric_attribute: {key: http.response.status_code, min_value: 500}}';
/** Some of the ordinary requests of one kind, at most so many spans a second. */
const someLists = `      - name: some-lists
        type: and
        and:
          and_sub_policy:
            - {name: lists, type: string_attribute, string_attribute: {key: http.route, values: [/api/v1/notes]}}
            - {name: few, type: rate_limiting, rate_limiting: {spans_per_second: 30}}`;
const fewSpans = '      - {name: few, type: rate_limiting, rate_limiting: {spans_per_second: 40}}';
/** What matters first; the rest shares what is left of a budget. */
const budget = `      - name: budget
        type: composite
        composite:
          max_total_spans_per_second: 200
          policy_order: [errors, slow, share]
          composite_sub_policy:
            - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
            - {name: slow, type: latency, latency: {threshold_ms: ${slowFromMs - 50}}}
            - {name: share, type: probabilistic, probabilistic: {sampling_percentage: 5}}
          rate_allocation:
            - {policy: errors, percent: 40}
            - {policy: slow, percent: 40}
            - {policy: share, percent: 20}`;

/** How long fresh traffic is watched. */
const watchMs = 9_000;
const watchAtMostMs = 36_000;
/** Failed, and slow, requests to judge by. */
const enough = 2;
const atMostPercent = 10;

/** Judged by what happens to fresh traffic: several policies are right. */
async function judge(context: ExerciseContext): Promise<Judgement> {
  const { clock, signal, ledger } = context;
  const fromMs = Math.ceil(clock.now() / 1000) * 1000;
  let toMs = fromMs + watchMs;
  let failures: LoggedRequest[];
  let slowRequests: LoggedRequest[];
  // Failures are rare: it is watched until there are some to judge by.
  for (;;) {
    await clock.sleep(toMs + settledMs - clock.now(), signal);
    [failures, slowRequests] = await Promise.all([
      loggedRequests(context, { fromMs, toMs }, failed),
      loggedRequests(context, { fromMs, toMs }, slow),
    ]);
    if (Math.min(failures.length, slowRequests.length) >= enough || toMs - fromMs >= watchAtMostMs) break;
    toMs += 3_000;
  }
  const stretch = { fromMs, toMs };
  const kept = await keptTraces(context, stretch);
  const { requests } = ledger.count(stretch);
  if (requests < 300)
    return rejected(`only ${requests} requests came in ${(toMs - fromMs) / 1000} s: is the load running?`);
  if (failures.length === 0 || slowRequests.length === 0)
    throw new Error('no request failed, or none was slow, while it was watched: ask again');
  for (const [what, wanted] of [
    ['failed', failures],
    ['slow', slowRequests],
  ] as const) {
    const { missing, torn } = await missingTraces(context, wanted);
    if (missing > 0) return rejected(`${missing} of ${wanted.length} ${what} requests have no trace`);
    if (torn > 0)
      return rejected(
        `${torn} of ${wanted.length} traces of ${what} requests lack spans: the decision came too early`,
      );
  }
  const percent = (100 * kept.size) / requests;
  if (percent > atMostPercent)
    return rejected(`${percent.toFixed(1)} % of the traces are kept; at most ${atMostPercent} % may be`);
  const special = new Set([...failures, ...slowRequests].map(({ traceId }) => traceId));
  const ordinary = [...kept.keys()].filter((id) => !special.has(id)).length;
  if (ordinary === 0)
    return rejected('no ordinary trace is kept: there is nothing to compare a bad one with');
  return accepted(
    `all ${failures.length} failed and ${slowRequests.length} slow requests are kept, ${percent.toFixed(1)} % of all, ${ordinary} ordinary ones among them`,
  );
}

export const writePolicy: FileTask = {
  kind: 'file',
  id: 'write-policy',
  prompt:
    'Edit the policies of tail_sampling in jaeger.yaml: keep every failed and every slow trace (900 ms and more), whole, some ordinary ones, and no more than 10 % of all. Apply it, then ask whether it is right.',
  hints: [
    'A trace is kept when any policy says so. The comments in the file show three kinds of policy.',
    'status_code keeps errors, latency keeps what took longer than threshold_ms, probabilistic a share of everything.',
    'policies: errors by status_code ERROR, latency with threshold_ms 800, probabilistic with sampling_percentage 5. decision_wait has to be longer than the slowest request.',
  ],
  file: jaegerYaml,
  verify: judge,
  judgedWithinSeconds: 60,
  solution: goodPolicy,
  how: 'keep errors by status, slow traces by latency, and 5 % of everything',
  alsoRight: [
    {
      how: 'errors by status_code, slow ones by latency, and a few spans a second of the rest (rate_limiting)',
      content: (current) => withPolicies(current, errors, slowOnes, fewSpans),
    },
    {
      how: 'errors by their HTTP status, slow ones by latency, and a few lists of notes (and)',
      content: (current) => withPolicies(current, byStatusCode, slowOnes, someLists),
    },
    {
      how: 'a budget of spans, of which errors and slow ones have the first share (composite)',
      content: (current) => withPolicies(current, budget),
    },
  ],
  wrongContents: [
    { why: 'errors only: slow ones are lost', content: (current) => withPolicies(current, errors, share) },
    { why: 'everything: ten times too much', content: (current) => withPolicies(current, keepEverything) },
    {
      why: 'what counts as slow is set too high: requests of a second are lost',
      content: (current) =>
        withPolicies(current, errors, slowOnes.replace(/threshold_ms: \d+/, 'threshold_ms: 5000'), share),
    },
  ],
};
