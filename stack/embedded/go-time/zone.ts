import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where systems keep the zones' files, from which Go takes their names and abbreviations. */
const zoneFolder = '/usr/share/zoneinfo';
const hasZoneFiles = existsSync(join(zoneFolder, 'Europe/Berlin'));
const rules = new Map<string, string | undefined>();

/** The last line of a zone's file: its names and when they change (`CET-1CEST,M3.5.0,M10.5.0/3`). */
function zoneRule(zone: string): string | undefined {
  if (!rules.has(zone)) {
    let rule: string | undefined;
    try {
      if (/^[\w+-]+(\/[\w+-]+)*$/.test(zone))
        rule = readFileSync(join(zoneFolder, zone), 'latin1').trimEnd().split('\n').at(-1);
    } catch {
      // No such zone here: Intl may know it.
    }
    rules.set(zone, rule);
  }
  return rules.get(zone);
}

/** Whether there is a time zone of exactly that name (`UTC`, `Europe/Berlin`). */
export function isTimeZone(zone: string): boolean {
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions();
    if (timeZone.toLowerCase() === zone.toLowerCase()) return timeZone === zone || zone === 'UTC';
    return !hasZoneFiles || zoneRule(zone) !== undefined;
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
  // The names of now, standard and summer; of a time before they were made, they are the nearest that there are.
  const found = /^(<[^>]+>|[A-Za-z]+)([-+]?\d+)(?::(\d+))?(<[^>]+>|[A-Za-z]+)?/.exec(zoneRule(zone) ?? '');
  if (found !== null) {
    const [, standard = '', hours = '0', minutes = '0', summer] = found;
    // West of Greenwich is positive there.
    const size = 3600 * Math.abs(Number(hours)) + 60 * Number(minutes);
    const isStandard = zoneOffsetSeconds(zone, seconds) === (hours.startsWith('-') ? size : -size);
    return (summer === undefined || isStandard ? standard : summer).replace(/[<>]/g, '');
  }
  const name = zoneName(zone, seconds, 'short');
  return /^[A-Z]+$/.test(name) ? name : offsetText(zoneOffsetSeconds(zone, seconds), '').replace(/00$/, '');
}

/** Whether the zone is on summer time: its offset is larger than the least one of that year. */
export function isSummer(zone: string, seconds: number): boolean {
  const year = new Date(seconds * 1000).getUTCFullYear();
  const offsets = [0, 6].map((month) => zoneOffsetSeconds(zone, Date.UTC(year, month, 1) / 1000));
  return zoneOffsetSeconds(zone, seconds) > Math.min(...offsets);
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
