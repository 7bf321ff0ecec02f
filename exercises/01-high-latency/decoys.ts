import type { Decoy } from '../../lab/exercise/model/model.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import { restartAnother, stopTraffic } from '../kit/decoys.ts';
import { slow } from './telemetry.ts';

/** Slow enough to leave the control group's bounds, too fast to raise an alert of its own. */
const slowAnother = faultSpec('latency', { target: 'api-2', params: { delayMs: 200 } });
/** Not a 503: the gateway asks another replica then, and users notice little of it. */
const shedLoad = faultSpec('errors', { target: slow, params: { rate: 1, status: 500 } });
const sampleHalf = faultSpec('sampling', { target: 'gateway', params: { ratio: 0.5 } });

export const decoys: readonly Decoy[] = [
  restartAnother('api-3', 'p95-back', 'slow-lines-end', 'slow-spans-end'),
  {
    id: 'slow-another',
    description:
      'Slow api-2 as well: the break would no longer be one replica against a healthy control group.',
    apply: (context) => context.inject(slowAnother),
    undo: (context) => context.revert(slowAnother),
    rejectedBy: ['control-group'],
    givenSeconds: (pace) => 5 * pace.scrapeIntervalSeconds,
  },
  {
    id: 'shed-load',
    description: `Let ${slow} give up at once on everything: nothing is slow any more, and users get errors.`,
    apply: (context) => context.inject(shedLoad),
    undo: (context) => context.revert(shedLoad),
    rejectedBy: ['users-see-no-errors', 'no-error-lines'],
    givenSeconds: 4,
  },
  {
    id: 'sample-half',
    description:
      'Keep half of the traces only: cheaper, and the signals no longer tell of the same requests.',
    apply: (context) => context.inject(sampleHalf),
    undo: (context) => context.revert(sampleHalf),
    rejectedBy: ['signals-reconcile'],
    givenSeconds: (pace) => 4 + 8 * pace.scrapeIntervalSeconds,
  },
  stopTraffic(),
];
