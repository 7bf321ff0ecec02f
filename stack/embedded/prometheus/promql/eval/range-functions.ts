import * as overTime from './over-time.ts';
import * as rates from './rate.ts';
import type { RangeFunction } from './window.ts';

/** The functions of one range of one series. absent_over_time is counted like present_over_time and inverted later. */
export const rangeFunctions: ReadonlyMap<string, RangeFunction> = new Map([
  ['absent_over_time', overTime.presentOverTime],
  ['avg_over_time', overTime.avgOverTime],
  ['changes', overTime.changes],
  ['count_over_time', overTime.countOverTime],
  ['delta', rates.delta],
  ['deriv', overTime.deriv],
  ['double_exponential_smoothing', overTime.doubleExponentialSmoothing],
  ['first_over_time', overTime.firstOverTime],
  ['idelta', rates.idelta],
  ['increase', rates.increase],
  ['irate', rates.irate],
  ['last_over_time', overTime.lastOverTime],
  ['mad_over_time', overTime.madOverTime],
  ['max_over_time', overTime.maxOverTime],
  ['min_over_time', overTime.minOverTime],
  ['predict_linear', overTime.predictLinear],
  ['present_over_time', overTime.presentOverTime],
  ['quantile_over_time', overTime.quantileOverTime],
  ['rate', rates.rate],
  ['resets', overTime.resets],
  ['stddev_over_time', overTime.stddevOverTime],
  ['stdvar_over_time', overTime.stdvarOverTime],
  ['sum_over_time', overTime.sumOverTime],
  ['ts_of_first_over_time', overTime.tsOfFirstOverTime],
  ['ts_of_last_over_time', overTime.tsOfLastOverTime],
  ['ts_of_max_over_time', overTime.tsOfMaxOverTime],
  ['ts_of_min_over_time', overTime.tsOfMinOverTime],
]);

/** Functions that know what to do with samples beyond the range. */
export const anchoredSafe = ['changes', 'delta', 'increase', 'rate', 'resets'];
export const smoothedSafe = ['delta', 'increase', 'rate'];
