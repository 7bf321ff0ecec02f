import type { Pace } from '../../../stack/pace.ts';
import { windowTurns } from '../telemetry.ts';

/** Twice what the pipeline may take: the deadline of what the alert has to do. */
export const alertSeconds = (pace: Pace): number =>
  2 *
  (windowTurns(pace) / 4 + pace.alertForSeconds + pace.groupWaitSeconds + 2 * pace.evaluationIntervalSeconds);

/** A resolved alert is told at the group's next interval, after the window has emptied. */
export const resolveSeconds = (pace: Pace): number => 2 * (windowTurns(pace) + pace.groupIntervalSeconds);

/** Until a window has turned twice, or three times: the first turn may still see what was before. */
export const twoTurns = (pace: Pace): number => 2 * windowTurns(pace);
export const threeTurns = (pace: Pace): number => 3 * windowTurns(pace);

/** Long enough to be no single scrape's luck. */
export const threeScrapes = (pace: Pace): number => 3 * pace.scrapeIntervalSeconds;
