import { defineExercise } from '../../lab/exercise/model/define-exercise.ts';
import { failback } from '../../lab/failover/failover.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import { steadyState } from '../kit/baseline.ts';
import { usersKeepComing } from '../kit/client-invariants.ts';
import { silenceAlert, stopTraffic } from '../kit/decoys.ts';
import { observe, page, recovery } from './checks.ts';
import { scored } from './scoring.ts';
import { failOver, tasks } from './tasks.ts';

export default defineExercise({
  id: '07-incident-drill',
  title: 'Incident drill',
  summary:
    'You are on call. The pager rings, and nearly everything fails. Find the cause, fail over, and lose nothing.',
  minutes: 30,
  objectives: [
    'Follow a failure inwards, from what users feel to the one component that is gone',
    'Fail over to the standby by the runbook, and verify it with a write',
    'Say what users feel, on a status page, from the first minute to the last',
    'Measure time to detect and time to repair from records, not from memory',
  ],
  pillars: ['metrics', 'logs', 'traces', 'alerts'],
  needs: ['kill', 'promote', 'restart-with-env'],
  baseline: [...steadyState, page.forgotten],
  acts: [
    {
      id: 'primary-lost',
      title: 'The pager rings',
      summary: 'Your shift has begun. Something has happened.',
      load: 'steady',
      break: [faultSpec('kill', { target: 'postgres-primary' })],
      observe,
      invariants: [usersKeepComing('steady', 'stop-traffic')],
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
          rejectedBy: ['database-up', 'writes-again'],
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
        // Whichever way: a database takes writes, and the replicas reach it.
        done: async ({ observe: { prometheus }, signal }) =>
          (await prometheus.value('sum(database_up{job="api"})', { signal })) === 3,
      },
      recover: recovery,
    },
  ],
  scored,
  learnings: [
    'When everything fails at once, look for what everything needs.',
    'A promotion is half of a failover: somebody has to point the clients at the new primary, and to write once to see that it works.',
    'Never start the old primary beside a promoted one: it comes back as a standby.',
    'Declare first, then look: a severity, a commander and one honest sentence for users cost a minute.',
    'A postmortem is about the system. Its facts come from records, its action items have an owner and a date.',
    'Time to detect is a sum of intervals that you chose. Time to repair is a runbook that somebody has tried.',
  ],
});
