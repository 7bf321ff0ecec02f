/** Whether there is a time zone of that name (`UTC`, `Europe/Berlin`). */
export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** Seconds east of UTC that a zone has at a moment. */
export function zoneOffsetSeconds(zone: string, seconds: number): number {
  if (zone === 'UTC') return 0;
  // "GMT", "GMT-03:30", and with seconds where it is the sun's time of before the zones.
  const name = zoneName(zone, seconds, 'longOffset');
  const found = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name);
  if (found === null) return 0;
  const [, sign, hours, minutes, rest = '0'] = found;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(rest));
}

/** Its abbreviation then (`EST`), or as Go writes a zone that has none: `+03`, `-0330`. */
export function zoneAbbreviation(zone: string, seconds: number): string {
  if (zone === 'UTC') return 'UTC';
  const name = zoneName(zone, seconds, 'short');
  return /^[A-Z]+$/.test(name) ? name : offsetText(zoneOffsetSeconds(zone, seconds), '').replace(/00$/, '');
}

/** `+0100`, `-03:30` */
export function offsetText(offsetSeconds: number, colon: '' | ':'): string {
  const minutes = Math.floor(Math.abs(offsetSeconds) / 60);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${offsetSeconds < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${colon}${two(minutes % 60)}`;
}

function zoneName(zone: string, seconds: number, style: 'short' | 'longOffset'): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: style }).formatToParts(
    seconds * 1000,
  );
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}
