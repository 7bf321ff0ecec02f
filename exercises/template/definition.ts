import { metricCheck } from '../../lab/exercise/model/checks.ts';
import { defineExercise } from '../../lab/exercise/model/define-exercise.ts';
import type { Check, ExerciseContext } from '../../lab/exercise/model/model.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import type { Pace } from '../../stack/pace.ts';
import { whichReplica } from '../kit/answers.ts';
import { steadyState } from '../kit/baseline.ts';
import { usersKeepComing, usersSeeNoErrors } from '../kit/client-invariants.ts';
import { restartAnother, stopTraffic } from '../kit/decoys.ts';
import { replicas } from '../kit/queries.ts';
import { threeTurns } from '../kit/windows.ts';

/** The replica that is broken, and one that is not. */
const broken = 'api-1';
const another = replicas.find((one) => one !== broken)!;

// TODO: break something that can be seen. One millisecond cannot: the checks below fail until this is another fault.
const fault = faultSpec('latency', { target: broken, params: { delayMs: 1 } });

// TODO: the signal that tells the broken replica from the others, one series for each instance.
const signal = (instances: string, _pace: Pace): string =>
  `instance:http_request_duration_seconds:p95{instance=~"${instances}"}`;

const next = 'compare all replicas on the dashboard "Instance"';
const guard = { what: `scrapes of ${broken}`, promql: `count(up{instance="${broken}"} == 1)` };

// TODO: what a learner reads. The guide beside this file says more.
const texts = {
  summary: 'TODO: in one sentence, what is broken and what users notice.',
  told: 'TODO: what a learner is told once it is broken, without giving it away.',
  objective: 'TODO: what one can do afterwards.',
  question: 'TODO: one replica is different. Which one?',
  hints: ['TODO: where to look', 'TODO: the name of the metric', 'TODO: the whole query'],
  learning: 'TODO: what to remember a year from now.',
};

// TODO: what a person sees while it is broken. It has to fail on the healthy system, and with any other fault.
const signalRises: Check = metricCheck({
  id: 'signal-rises',
  claim: `p95 of ${broken} exceeds 400 ms`,
  promql: ({ pace }) => signal(broken, pace),
  scale: 1000,
  guard,
  expect: { atLeast: 400, unit: 'ms' },
  withinSeconds: threeTurns,
  next,
});

// TODO: what a person sees after the repair. It has to fail while it is broken.
const signalBack: Check = metricCheck({
  id: 'signal-back',
  claim: `p95 of ${broken} is below 100 ms again`,
  promql: ({ pace }) => signal(broken, pace),
  scale: 1000,
  guard,
  expect: { below: 100, unit: 'ms' },
  withinSeconds: threeTurns,
  next,
});

// Not a 503: the gateway asks another replica then, and users notice little of it.
const shedLoad = faultSpec('errors', { target: broken, params: { rate: 1, status: 500 } });

/** The replica whose signal is at least twice the next one's, from Prometheus. */
async function standsOut({ observe, pace, signal: abort }: ExerciseContext) {
  const samples = await observe.prometheus.query(`sort_desc(${signal('api-.*', pace)})`, { signal: abort });
  const [first, second] = samples.filter(({ value }) => Number.isFinite(value));
  if (first === undefined || second === undefined || !(first.value > 2 * second.value))
    throw new Error('at this moment no replica stands out');
  return { instance: first.labels.instance ?? '', because: 'no other replica comes near its value' };
}

export default defineExercise({
  id: '00-template',
  title: 'Template',
  summary: texts.summary,
  minutes: 15,
  objectives: [texts.objective],
  pillars: ['metrics'],
  baseline: steadyState,
  acts: [
    {
      id: 'break',
      title: 'Template',
      summary: texts.told,
      load: 'steady',
      break: [fault],
      observe: [signalRises],
      // What stays as it is although something is broken. Each names the decoy that really violates it.
      invariants: [usersSeeNoErrors('shed-load'), usersKeepComing('steady', 'stop-traffic')],
      tasks: [
        whichReplica({
          prompt: texts.question,
          hints: texts.hints,
          standsOut,
          wrong: 'is as it always is',
        }),
      ],
      // Wrong repairs. Each is really tried, and has to be rejected by the checks that it names.
      decoys: [
        restartAnother(another, 'signal-back'),
        {
          id: 'shed-load',
          description: `Let ${broken} refuse its requests: nothing is wrong with it any more, and users get errors.`,
          apply: (context) => context.inject(shedLoad),
          undo: (context) => context.revert(shedLoad),
          rejectedBy: ['users-see-no-errors'],
          givenSeconds: 4,
        },
        stopTraffic(),
      ],
      repair: {
        steps: [{ description: `Repairing ${broken}`, apply: (context) => context.revert() }],
      },
      recover: [signalBack],
    },
  ],
  learnings: [texts.learning],
});
