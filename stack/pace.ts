/** The lab's clock: every interval, window and duration that a config file, a rule or a check depends on. */
export type PaceName = 'lab' | 'real';

export interface Pace {
  readonly name: PaceName;
  readonly scrapeIntervalSeconds: number;
  readonly evaluationIntervalSeconds: number;
  /** The range that rates are taken over in rules and dashboards. */
  readonly rateWindowSeconds: number;
  /** `for` of page-level alerts. */
  readonly alertForSeconds: number;
  /** `for` of ServiceDown. */
  readonly serviceDownForSeconds: number;
  /** Multi-window burn-rate alerting (SRE workbook, chapter 5). */
  readonly burnRateFast: { readonly shortSeconds: number; readonly longSeconds: number };
  readonly burnRateSlow: { readonly shortSeconds: number; readonly longSeconds: number };
  /** The period the error budget is counted over. */
  readonly sloWindowSeconds: number;
  readonly groupWaitSeconds: number;
  readonly groupIntervalSeconds: number;
  readonly repeatIntervalSeconds: number;
  /** What a minute of people's work takes here: how long they have to answer a page, or an incident. */
  readonly secondsAMinute: number;
}

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

export const paces: Readonly<Record<PaceName, Pace>> = {
  lab: {
    name: 'lab',
    scrapeIntervalSeconds: 1,
    evaluationIntervalSeconds: 1,
    rateWindowSeconds: 15,
    alertForSeconds: 5,
    serviceDownForSeconds: 5,
    burnRateFast: { shortSeconds: 15, longSeconds: minute },
    burnRateSlow: { shortSeconds: 30, longSeconds: 3 * minute },
    sloWindowSeconds: 30 * minute,
    groupWaitSeconds: 1,
    groupIntervalSeconds: 5,
    repeatIntervalSeconds: 10 * minute,
    secondsAMinute: 1,
  },
  real: {
    name: 'real',
    scrapeIntervalSeconds: 15,
    evaluationIntervalSeconds: 15,
    rateWindowSeconds: 5 * minute,
    alertForSeconds: 5 * minute,
    serviceDownForSeconds: minute,
    burnRateFast: { shortSeconds: 5 * minute, longSeconds: hour },
    burnRateSlow: { shortSeconds: 30 * minute, longSeconds: 6 * hour },
    sloWindowSeconds: 30 * day,
    groupWaitSeconds: 10,
    groupIntervalSeconds: 5 * minute,
    repeatIntervalSeconds: 12 * hour,
    secondsAMinute: 60,
  },
};
