import { replicas } from '../../lab/deploy/deploy.ts';
import { defineExercise } from '../../lab/exercise/model/define-exercise.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import { steadyState } from '../kit/baseline.ts';
import { usersKeepComing } from '../kit/client-invariants.ts';
import { burnAgrees, observe, onlyOneEndpoint, page, recovery, rollingDeploySeconds } from './checks.ts';
import { decoys } from './decoys.ts';
import { longWindowFull, shortSpike } from './spike.ts';
import { tasks } from './tasks.ts';
import { badVersion, pagesFrom } from './telemetry.ts';

const burns = 100;

export default defineExercise({
  id: '03-slo-burn',
  title: 'SLO burn',
  summary:
    'A new release fails one request in ten, on one endpoint. How fast is the error budget spent, and who decides what?',
  minutes: 30,
  objectives: [
    'Read an error budget: in requests, in minutes, and as a burn rate',
    'Know why two windows page earlier and with fewer false alarms than one threshold: a spike that pages nobody',
    'Find the release, the endpoint and the exception, and roll back',
  ],
  pillars: ['metrics', 'logs', 'traces', 'alerts'],
  needs: ['restart-with-env'],
  baseline: [...steadyState, longWindowFull, page.forgotten],
  acts: [
    shortSpike,
    {
      id: 'bad-release',
      title: 'A bad release',
      summary: 'A new version has been rolled out to all three replicas. One request in ten fails.',
      load: 'steady',
      break: replicas.map((target) => faultSpec('deploy', { target, params: { version: badVersion } })),
      observe,
      invariants: [burnAgrees, onlyOneEndpoint, usersKeepComing('steady', 'stop-traffic')],
      detection: {
        alertname: 'SLOBudgetBurnRateFast',
        labels: { service: 'gateway' },
        evaluations: 2,
        onset: {
          seconds: (pace) => rollingDeploySeconds + (pagesFrom / burns) * pace.burnRateFast.longSeconds,
          why: 'the release has to be rolled out, and 14.4 % of the long window to be full of its errors',
        },
      },
      tasks,
      decoys,
      repair: {
        steps: [
          { description: 'Rolling back to the version of before', apply: (context) => context.revert() },
        ],
      },
      recover: recovery,
    },
  ],
  learnings: [
    'A burn rate says how fast the promise is broken: 1 spends the budget exactly over its window, 100 a hundred times as fast.',
    'At 10 % errors a budget of 30 days lasts 7.2 hours. 43.2 minutes is how long a full outage may last.',
    'Two windows: the long one is sure, the short one knows when it is over.',
    'A rollback ends the loss, and does not give the budget back. What is spent comes back only as its window passes.',
    'The mark of the release on every dashboard is the cheapest diagnosis there is.',
  ],
});
