import type { Decoy } from '../../lab/exercise/model/model.ts';
import { failback } from '../../lab/failover/failover.ts';
import { restartReplicas, silenceAlert, stopTraffic } from '../kit/decoys.ts';
import { longEnough } from '../kit/windows.ts';
import { detectionOf, type Happening } from './variants.ts';

const rejectedBy = ['saves-again', 'writes-again'];

const promoteOnly: Decoy = {
  id: 'promote-only',
  description: 'Promote the standby and leave it at that: it would take writes, and nobody asks it.',
  apply: ({ lab }) => lab.promote('postgres-replica'),
  undo: async ({ lab }) => {
    await failback(lab);
  },
  rejectedBy,
  givenSeconds: longEnough,
};

/** Ways that look right and help nothing. Without a database that answers, no replica would be ready after a restart. */
export const decoysOf = (happening: Happening): readonly Decoy[] => [
  silenceAlert(detectionOf(happening).alertname, ...rejectedBy),
  promoteOnly,
  ...(happening === 'disk full'
    ? [
        restartReplicas('Restart the API, one replica after the other: it helps against many things.', {
          rejectedBy,
          givenSeconds: longEnough,
        }),
      ]
    : []),
  stopTraffic(),
];
