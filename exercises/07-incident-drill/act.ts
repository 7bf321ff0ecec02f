import type { Act } from '../../lab/exercise/model/model.ts';
import { usersKeepComing } from '../kit/client-invariants.ts';
import { observe, recovery, writtenLately } from './checks.ts';
import { decoysOf } from './decoys.ts';
import { failOver, tasks } from './tasks.ts';
import { breakOf, detectionOf, firstAlert, type Happening, probeAgrees, wordsTell } from './variants.ts';

/** The primary takes no more writes, for one reason or another: what a learner reads of it is the same. */
export const primaryLost = (happening: Happening): Act => {
  const page = firstAlert(happening);
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
    decoys: decoysOf(happening),
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
