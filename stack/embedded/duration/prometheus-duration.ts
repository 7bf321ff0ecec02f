const unitMs = { y: 31_536_000_000, w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const pattern = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const maxMs = 9_223_372_036_854;

/**
 * Parses a duration as Prometheus and Alertmanager write them (`1h30m`, `15s`, `0`), into milliseconds.
 * Source: prometheus/common, model/time.go. Throws an Error in its wording.
 */
export function parsePrometheusDuration(text: string): number {
  if (text === '') throw new Error('empty duration string');
  if (text === '0') return 0;
  const match = pattern.exec(text);
  if (match === null) throw new Error(whatIsWrong(text));
  let total = 0;
  Object.values(unitMs).forEach((factor, index) => {
    const digits = match[index + 1];
    if (digits !== undefined) total += Number(digits) * factor;
  });
  if (total > maxMs) throw new Error('duration out of range');
  return total;
}

/** A unit that does not exist is named; anything else is just not a duration. */
function whatIsWrong(text: string): string {
  const known = Object.keys(unitMs);
  let rank = -1;
  for (let rest = text; rest !== ''; ) {
    const part = /^\d+(\D+)/.exec(rest);
    const unit = part?.[1];
    if (part === null || unit === undefined) break;
    if (!known.includes(unit))
      return `unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`;
    if (known.indexOf(unit) <= rank) break;
    rank = known.indexOf(unit);
    rest = rest.slice(part[0].length);
  }
  return `not a valid duration string: ${JSON.stringify(text)}`;
}

/** Whether `parsePrometheusDuration` would accept the text. */
export function isPrometheusDuration(text: string): boolean {
  return text === '0' || (text !== '' && pattern.test(text));
}

/** Writes milliseconds the way Prometheus does: `90000` becomes `1m30s`, `0` becomes `0s`. */
export function formatPrometheusDuration(milliseconds: number): string {
  let rest = Math.trunc(milliseconds);
  if (rest === 0) return '0s';
  let text = '';
  if (rest < 0) {
    text = '-';
    rest = -rest;
  }
  const take = (unit: keyof typeof unitMs, exact: boolean): void => {
    const factor = unitMs[unit];
    // Years, weeks and days only stand where nothing is left over: 25h stays 1d1h only when told exactly.
    if (exact && rest % factor !== 0) return;
    const count = Math.floor(rest / factor);
    if (count > 0) {
      text += `${count}${unit}`;
      rest -= count * factor;
    }
  };
  take('y', true);
  take('w', true);
  take('d', false);
  take('h', false);
  take('m', false);
  take('s', false);
  take('ms', false);
  return text;
}
