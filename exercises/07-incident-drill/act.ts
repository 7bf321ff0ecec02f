import type { Act } from '../../lab/exercise/model/model.ts';
import { failback } from '../../lab/failover/failover.ts';
import { usersKeepComing } from '../kit/client-invariants.ts';
import { silenceAlert, stopTraffic } from '../kit/decoys.ts';
import { observe, recovery, writtenLately } from './checks.ts';
import { failOver, tasks } from './tasks.ts';
import { breakOf, type Happening, wordsTell } from './variants.ts';

/** The primary is lost, in one way or another: what a learner reads of it is the same. */
export const primaryLost = (happening: Happening): Act => ({
  id: 'primary-lost',
  title: 'The pager rings',
  summary: 'Your shift has begun. Something has happened.',
  load: 'steady',
  break: [breakOf(happening)],
  observe: [...observe, wordsTell(happening)],
  // Who waits for a database that hangs sends nothing else meanwhile, and is counted when the gateway gives up.
  invariants: [usersKeepComing('steady', 'stop-traffic', 0.5)],
  detection: {
    alertname: 'DatabaseDown',
    labels: { service: 'postgres' },
    evaluations: 1,
    onset: {
      seconds: 2,
      why: 'each replica asks the database every second, and gives an answer a second',
    },
  },
  tasks,
  decoys: [
    silenceAlert('DatabaseDown', 'database-up', 'writes-again'),
    {
      id: 'promote-only',
      description: 'Promote the standby and leave it at that: it would take writes, and nobody asks it.',
      apply: ({ lab }) => lab.promote('postgres-replica'),
      undo: async ({ lab }) => {
        await failback(lab);
      },
      // What was alive comes back as a standby, which answers reads.
      rejectedBy: happening === 'hung' ? ['writes-again'] : ['database-up', 'writes-again'],
      givenSeconds: 5,
    },
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
  recover: recovery,
});
