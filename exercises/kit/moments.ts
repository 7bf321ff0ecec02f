// From when on evidence counts.
import type { ExerciseContext } from '../../lab/exercise/model/model.ts';
import { freshSeconds } from './windows.ts';

/** The moment from which evidence of the break counts: the break itself; before it, the steady state. */
export const evidenceFrom = ({ timeline }: ExerciseContext): number =>
  timeline.brokenAtMs ?? timeline.steadyAtMs ?? timeline.startedAtMs;

/** The last few seconds, or since the repair where that is shorter ago: what is true now. */
export function freshFrom({ timeline, clock, pace }: ExerciseContext): number {
  return Math.max(timeline.repairedAtMs ?? 0, clock.now() - freshSeconds(pace) * 1000);
}
