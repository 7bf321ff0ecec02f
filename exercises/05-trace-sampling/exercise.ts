import { replicas } from '../../lab/deploy/deploy.ts';
import { defineExercise } from '../../lab/exercise/model/define-exercise.ts';
import type { Act } from '../../lab/exercise/model/model.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import { sharesFair, targetsUp, trafficFlows } from '../kit/baseline.ts';
import { usersKeepComing } from '../kit/client-invariants.ts';
import { stopTraffic } from '../kit/decoys.ts';
import {
  allKept,
  brokenPromises,
  countsScale,
  deadEnds,
  fewKept,
  graphThins,
  isKept,
  isLost,
  linesSayIt,
} from './checks.ts';
import { estimatedP95 } from './estimate.ts';
import { goodPolicy, keepEverything, oneInAHundred, writePolicy } from './policy.ts';
import { chanceToMiss, rareTrace, whatItSaves, whoKnew } from './tasks.ts';
import { failsOneIn, headRatio, jaegerYaml, slowMs, slowOneIn } from './telemetry.ts';

/** The rare requests that a good policy keeps. */
const rare = replicas.flatMap((target) => [
  faultSpec('rare-error', { target, params: { oneIn: failsOneIn } }),
  faultSpec('slow-rare', { target, params: { oneIn: slowOneIn, delayMs: slowMs } }),
]);
const head = faultSpec('sampling', { target: 'gateway', params: { ratio: headRatio } });
const half = faultSpec('sampling', { target: 'gateway', params: { ratio: 0.5 } });
const poorPolicy = faultSpec('config-overlay', {
  target: jaegerYaml.component,
  params: { edits: { [jaegerYaml.path]: [{ find: keepEverything, put: oneInAHundred }] } },
});

const atTheHead: Act = {
  id: 'head',
  title: 'One in a hundred, at the head',
  summary:
    'To save storage, the gateway keeps one trace in a hundred. It decides before it knows how the request ends.',
  load: 'peak',
  break: [head, ...rare],
  observe: [fewKept, graphThins, deadEnds, linesSayIt, isLost('failed', 3)],
  invariants: [countsScale, usersKeepComing('peak', 'stop-traffic')],
  tasks: [whoKnew, chanceToMiss, estimatedP95, whatItSaves],
  decoys: [
    {
      id: 'keep-half',
      description:
        'Keep half of the traces: fifty times the storage, and every second failure still has none.',
      apply: (context) => context.inject(half),
      undo: (context) => context.inject(head),
      rejectedBy: ['all-kept', 'counts-scale'],
      givenSeconds: 14,
    },
    stopTraffic(),
  ],
  repair: { steps: [{ description: 'Keeping every trace again', apply: (context) => context.revert() }] },
  recover: [allKept],
};

const atTheTail: Act = {
  id: 'tail',
  title: 'A policy at the tail',
  summary:
    'Every span reaches Jaeger now, and Jaeger decides when the trace is complete: by a policy that keeps one in a hundred, whatever it is. Write a better one.',
  load: 'peak',
  break: [poorPolicy, ...rare],
  observe: [fewKept, brokenPromises, isLost('failed', 2), isLost('slow', 3)],
  invariants: [usersKeepComing('peak', 'stop-traffic')],
  tasks: [writePolicy, rareTrace],
  decoys: [
    {
      id: 'tail-behind-head',
      description:
        'The right policy behind a gateway that keeps one in a hundred: nothing is left to choose from.',
      async apply(context) {
        await context.inject(head);
        await context.install(jaegerYaml, goodPolicy(context.lab.readConfig(jaegerYaml.path) ?? ''));
      },
      async undo(context) {
        await context.revert(head);
        await context.uninstall(jaegerYaml);
      },
      rejectedBy: ['failed-kept', 'slow-kept'],
      givenSeconds: 12,
    },
    stopTraffic(),
  ],
  repair: {
    steps: [
      {
        description: 'Keeping errors, slow traces and a share of the rest',
        apply: (context) =>
          context.install(jaegerYaml, goodPolicy(context.lab.readConfig(jaegerYaml.path) ?? '')),
      },
    ],
    // The rare failures go on: it is they that have to be kept.
    done: async ({ lab }) => !(lab.readConfig(jaegerYaml.path) ?? '').includes(oneInAHundred),
  },
  recover: [isKept('failed'), isKept('slow')],
};

export default defineExercise({
  id: '05-trace-sampling',
  title: 'Trace sampling',
  summary:
    'Traces are dear. Keep one in a hundred and the failure you look for is gone; decide at the end, and you keep what matters.',
  minutes: 30,
  objectives: [
    'Say what sampling at the head loses, and how sure that is',
    'Tell which pillars are whole whatever is sampled',
    'Write a tail policy that keeps failures and slow requests, whole, within a tenth of the volume',
  ],
  pillars: ['traces', 'logs', 'metrics'],
  // Not p95: the load is as much as the machine bears. Not alerts: what one act burned of the budget still fires when the
  // next begins, and says nothing about traces.
  baseline: [targetsUp, trafficFlows, sharesFair],
  acts: [atTheHead, atTheTail],
  learnings: [
    'At the head nobody knows yet how the request ends: 1 % of the traces is 1 % of the failures.',
    'To see one failure with 95 % certainty at 1 % it takes 299 of them.',
    'Metrics count everything and logs can; let them find the failure, and traces explain it.',
    'A tail policy keeps what matters, and pays for it: every span travels, and waits in memory for the decision.',
    'decision_wait has to be longer than the slowest request, or its trace is torn.',
  ],
});
