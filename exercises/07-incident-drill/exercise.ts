import { defineExercise } from '../../lab/exercise/model/define-exercise.ts';
import { steadyState } from '../kit/baseline.ts';
import { primaryLost } from './act.ts';
import { down, errors } from './checks.ts';
import { scored } from './scoring.ts';
import { happenings } from './variants.ts';

const variants = happenings.map((id) => ({ id, acts: [primaryLost(id)] }));

export default defineExercise({
  id: '07-incident-drill',
  title: 'Incident drill',
  summary:
    'You are on call. The pager rings, and users get errors. Find the cause, fail over, and lose nothing.',
  minutes: 30,
  objectives: [
    'Follow a failure inwards, from what users feel to the one component that is lost, and say how it was lost',
    'Fail over to the standby by the runbook, and verify it with a write',
    'Say what users feel, on a status page, from the first minute to the last',
    'Measure time to detect and time to repair from records, not from memory',
  ],
  pillars: ['metrics', 'logs', 'traces', 'alerts'],
  needs: ['kill', 'pause', 'promote', 'restart-with-env'],
  baseline: [...steadyState, down.forgotten, errors.forgotten],
  acts: variants[0]!.acts,
  variants,
  scored,
  learnings: [
    'When everything fails at once, look for what everything needs.',
    'A probe that only reads is content with a database that refuses writes: alert on what users feel as well.',
    'Refused is not silent: gone, hung, full and cut off look alike on the pager, and differ in how they answer.',
    'Fence first: a primary that hangs may wake up, and commit beside the one that you promoted.',
    'A promotion is half of a failover: somebody has to point the clients at the new primary, and to write once to see that it works.',
    'Never start the old primary beside a promoted one: it comes back as a standby.',
    'Declare first, then look: a severity, a commander and one honest sentence for users cost a minute.',
    'A postmortem is about the system. Its facts come from records, its action items have an owner and a date.',
    'Time to detect is a sum of intervals that you chose. Time to repair is a runbook that somebody has tried.',
  ],
});
