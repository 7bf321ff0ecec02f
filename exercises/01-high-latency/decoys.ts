import type { Decoy } from '../../lab/exercise/model.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import type { Pace } from '../../stack/pace.ts';
import { freshSeconds } from './telemetry.ts';

/** As long as a real repair needs to show in the checks that look at fresh data. */
const longEnough = (pace: Pace): number =>
  freshSeconds(pace) + 2 * pace.scrapeIntervalSeconds + 2 * pace.evaluationIntervalSeconds;

/** Slow enough to leave the control group's bounds, too fast to raise an alert of its own. */
const latencyOnAnother = faultSpec('latency', { target: 'api-2', params: { delayMs: 200 } });

export const decoys: readonly Decoy[] = [
  {
    id: 'restart-another',
    description: 'Restart api-2: a restart helps against many things, but it has to be the right process.',
    apply: ({ lab }) => lab.restart('api-2'),
    // A restarted replica is as it was.
    undo: async () => {},
    judgedBy: 'recover',
    rejectedBy: ['p95-back', 'slow-lines-end', 'slow-spans-end'],
    givenSeconds: longEnough,
  },
  {
    id: 'latency-on-another',
    description:
      'Add latency to api-2 as well: the break would no longer be one replica against a healthy control group.',
    apply: (context) => context.inject(latencyOnAnother),
    undo: (context) => context.revert(latencyOnAnother),
    judgedBy: 'observe',
    rejectedBy: ['control-group'],
    givenSeconds: (pace) => 2 * pace.scrapeIntervalSeconds,
  },
  {
    id: 'stop-traffic',
    description: 'Stop the traffic: without requests nothing is slow, and nothing is well.',
    apply: (context) => context.stopTraffic(),
    undo: (context) => context.startTraffic(),
    judgedBy: 'recover',
    rejectedBy: ['p95-back', 'share-back', 'slow-lines-end', 'slow-spans-end'],
    givenSeconds: longEnough,
  },
];
