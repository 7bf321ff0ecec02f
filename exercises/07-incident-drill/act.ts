import { replicas } from '../../lab/deploy/deploy.ts';
import type { Act, Decoy } from '../../lab/exercise/model/model.ts';
import { failback } from '../../lab/failover/failover.ts';
import { usersKeepComing } from '../kit/client-invariants.ts';
import { silenceAlert, stopTraffic } from '../kit/decoys.ts';
import { longEnough } from '../kit/windows.ts';
import { observe, recovery, writtenLately } from './checks.ts';
import { failOver, tasks } from './tasks.ts';
import { breakOf, detectionOf, type Happening, pageOf, probeAgrees, wordsTell } from './variants.ts';

/** Nothing is wrong with them: they come back, and the database refuses as before. */
const restartReplicas: Decoy = {
  id: 'restart-replicas',
  description: 'Restart the API, one replica after the other: it helps against many things.',
  async apply({ lab }) {
    for (const replica of replicas) await lab.restart(replica);
  },
  undo: async () => {},
  rejectedBy: ['saves-again', 'writes-again'],
  givenSeconds: longEnough,
};

/** The primary takes no more writes, for one reason or another: what a learner reads of it is the same. */
export const primaryLost = (happening: Happening): Act => {
  const page = pageOf(happening);
  const { alertname } = detectionOf(happening);
  return {
    id: 'primary-lost',
    title: 'The pager rings',
    summary: 'Your shift has begun. Something has happened.',
    load: 'steady',
    break: [breakOf(happening)],
    observe: [...observe(page), probeAgrees(happening), wordsTell(happening)],
    // Who waits for a database that hangs sends nothing else meanwhile, and is counted when the gateway gives up.
    invariants: [usersKeepComing('steady', 'stop-traffic', 0.5)],
    detection: detectionOf(happening),
    tasks,
    decoys: [
      silenceAlert(alertname, 'saves-again', 'writes-again'),
      {
        id: 'promote-only',
        description: 'Promote the standby and leave it at that: it would take writes, and nobody asks it.',
        apply: ({ lab }) => lab.promote('postgres-replica'),
        undo: async ({ lab }) => {
          await failback(lab);
        },
        rejectedBy: ['saves-again', 'writes-again'],
        givenSeconds: longEnough,
      },
      ...(happening === 'disk full' ? [restartReplicas] : []),
      stopTraffic(),
    ],
    repair: {
      steps: [
        {
          description: 'Promoting the standby and pointing the API at it',
          apply: async (context) => {
            if (failOver.kind === 'action') await failOver.act(context);
          },
        },
      ],
      // Whichever way: the replicas reach a database, and it takes writes.
      done: async (context) => {
        const {
          observe: { prometheus },
          signal,
        } = context;
        const up = await prometheus.value('sum(database_up{job="api"})', { signal });
        return up === 3 && writtenLately(context) > 0;
      },
    },
    recover: recovery(page),
  };
};
