// How long things take at a pace: windows that fill, alerts that fire and resolve.
import type { Pace } from '../../stack/pace.ts';

/** Five scrapes, the shortest window with a usable rate: for what is true now, rather than a rate window ago. */
export const freshSeconds = (pace: Pace): number => 5 * pace.scrapeIntervalSeconds;

/** How long a window takes to fill with what is new, and the new to be scraped and evaluated. */
export const windowTurns = (pace: Pace): number =>
  pace.rateWindowSeconds + 2 * pace.scrapeIntervalSeconds + 2 * pace.evaluationIntervalSeconds;

/** Until a window has turned twice, or three times: the first turn may still see what was before. */
export const twoTurns = (pace: Pace): number => 2 * windowTurns(pace);
export const threeTurns = (pace: Pace): number => 3 * windowTurns(pace);

/** Three scrapes in a row, so that one lucky scrape is not enough. */
export const threeScrapes = (pace: Pace): number => 3 * pace.scrapeIntervalSeconds;

/** Until fresh data shows what a repair did: as long as a decoy is given. */
export const longEnough = (pace: Pace): number =>
  freshSeconds(pace) + 2 * pace.scrapeIntervalSeconds + 2 * pace.evaluationIntervalSeconds;

/** Twice what the pipeline may take: the deadline of what an alert has to do. */
export const alertSeconds = (pace: Pace): number =>
  2 *
  (windowTurns(pace) / 4 + pace.alertForSeconds + pace.groupWaitSeconds + 2 * pace.evaluationIntervalSeconds);

/** A resolved alert is told at the group's next interval, after the window has emptied. */
export const resolveSeconds = (pace: Pace): number => 2 * (windowTurns(pace) + pace.groupIntervalSeconds);
