/** Functions of one value. */
export const mathFunctions: ReadonlyMap<string, (value: number) => number> = new Map([
  ['abs', Math.abs],
  ['acos', Math.acos],
  ['acosh', Math.acosh],
  ['asin', Math.asin],
  ['asinh', Math.asinh],
  ['atan', Math.atan],
  ['atanh', Math.atanh],
  ['ceil', Math.ceil],
  ['cos', Math.cos],
  ['cosh', Math.cosh],
  ['deg', (value: number) => (value * 180) / Math.PI],
  ['exp', Math.exp],
  ['floor', Math.floor],
  ['ln', Math.log],
  ['log10', Math.log10],
  ['log2', Math.log2],
  ['rad', (value: number) => (value * Math.PI) / 180],
  ['sgn', (value: number) => (value < 0 ? -1 : value > 0 ? 1 : value)],
  ['sin', Math.sin],
  ['sinh', Math.sinh],
  ['sqrt', Math.sqrt],
  ['tan', Math.tan],
  ['tanh', Math.tanh],
]);

/** What Go makes of a time that no int64 holds, NaN among them: the conversion wraps, to 292277026596-12-04 15:30:08. */
const beyondTime = { year: 292_277_026_596, month: 12, day: 4, days: 106_751_991_167_300, second: 55_808 };

/** Days since 1970-01-01, and the second of that day: JavaScript's Date ends at the year 275760, Go's time does not. */
function civil(value: number): { year: number; month: number; day: number; days: number; second: number } {
  const seconds = Math.trunc(value);
  if (!(Math.abs(seconds) < 2 ** 63)) return beyondTime;
  const days = Math.floor(seconds / 86_400);
  const second = seconds - days * 86_400;
  // Howard Hinnant's civil-from-days, in eras of 400 years from the first of March.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day, days, second };
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : monthDays[month - 1]!;
}

/** Functions of a time in seconds, in UTC. */
export const dateFunctions: ReadonlyMap<string, (seconds: number) => number> = new Map([
  ['day_of_month', (seconds: number) => civil(seconds).day],
  ['day_of_week', (seconds: number) => (((civil(seconds).days + 4) % 7) + 7) % 7],
  [
    'day_of_year',
    (seconds: number) => {
      const { year, month, day } = civil(seconds);
      let total = day;
      for (let before = 1; before < month; before++) total += daysInMonth(year, before);
      return total;
    },
  ],
  [
    'days_in_month',
    (seconds: number) => {
      const { year, month } = civil(seconds);
      return daysInMonth(year, month);
    },
  ],
  ['hour', (seconds: number) => Math.floor(civil(seconds).second / 3600)],
  ['minute', (seconds: number) => Math.floor((civil(seconds).second % 3600) / 60)],
  ['month', (seconds: number) => civil(seconds).month],
  ['year', (seconds: number) => civil(seconds).year],
]);
