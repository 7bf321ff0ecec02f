import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GoTime } from './go-time.ts';
import { parseGoTime } from './parse.ts';

/** Abbreviations stand in the zones' files; where a system has none, they are what Intl knows. */
const zoneFiles = existsSync('/usr/share/zoneinfo/Europe/Berlin');

/** The moment that Go's documentation of layouts takes, a Thursday in UTC. */
const moment = new GoTime({ seconds: 1_233_810_057, nanoseconds: 12_345_678 });

describe('a layout', () => {
  it.each([
    ['2006-01-02 15:04:05', '2009-02-05 05:00:57'],
    ['Monday, January 2, 06', 'Thursday, February 5, 09'],
    ['Mon Jan _2 3:4:5 pm', 'Thu Feb  5 5:0:57 am'],
    ['03:04 PM', '05:00 AM'],
    ['002', '036'],
    ['05.000 05,000000 05.000000000', '57.012 57,012345 57.012345678'],
    ['05.999 05.99 05.9', '57.012 57.01 57'],
    // Zeros before another digit are no fraction (here, the day of the year follows); nanoseconds have nine digits.
    ['05.0002 .00000000000', '57.0036 .012345678'],
    ['-0700 -07:00 -07 Z0700 Z07:00 Z07 MST', '+0000 +00:00 +00 Z Z Z UTC'],
    // A short name inside of a word is no name.
    ['Month 1, Mon', 'Month 2, Thu'],
    ['_2006', '_2009'],
  ])('%s', (layout, wanted) => {
    expect(moment.Format(layout)).toBe(wanted);
  });

  it.each([
    ['Europe/Berlin', `2009-02-05T06:00:57+01:00 ${zoneFiles ? 'CET' : '+01'}`],
    ['America/New_York', '2009-02-05T00:00:57-05:00 EST'],
    ['America/St_Johns', `2009-02-05T01:30:57-03:30 ${zoneFiles ? 'NST' : '-0330'}`],
    ['Europe/London', '2009-02-05T05:00:57Z GMT'],
  ])('shows the time of %s', (zone, wanted) => {
    expect(moment.in(zone).Format('2006-01-02T15:04:05Z07:00 MST')).toBe(wanted);
  });
});

describe('a time', () => {
  it('writes itself as Go does', () => {
    expect(moment.String()).toBe('2009-02-05 05:00:57.012345678 +0000 UTC');
    expect(JSON.stringify(moment)).toBe('"2009-02-05T05:00:57.012345678Z"');
  });

  it('tells its Unix time in three units', () => {
    expect([moment.Unix(), moment.UnixMilli(), moment.UnixNano()]).toEqual([
      1_233_810_057n,
      1_233_810_057_012n,
      1_233_810_057_012_345_678n,
    ]);
  });

  it('before 1970 has a fraction that counts forward', () => {
    const before = GoTime.ofMilliseconds(-1);
    expect(before.String()).toBe('1969-12-31 23:59:59.999 +0000 UTC');
    expect(before.UnixMilli()).toBe(-1n);
  });

  it('that is zero is the first moment of year 1, in a zone too', () => {
    expect(JSON.stringify(GoTime.zero)).toBe('"0001-01-01T00:00:00Z"');
    expect(GoTime.zero.Format('Monday 002')).toBe('Monday 001');
    expect([GoTime.zero.IsZero(), GoTime.zero.in('Europe/Berlin').IsZero(), moment.IsZero()]).toEqual([
      true,
      true,
      false,
    ]);
    expect(GoTime.zero.in('America/New_York').Year()).toBe(0n);
  });

  it('compares to the nanosecond', () => {
    const next = new GoTime({ seconds: 1_233_810_057, nanoseconds: 12_345_679 });
    expect([moment.Before(next), next.After(moment), moment.After(moment)]).toEqual([true, true, false]);
  });
});

describe('parseGoTime', () => {
  it.each([
    ['2006-01-02 15:04:05', '2026-03-04 05:06:07', 'UTC', '2026-03-04T05:06:07Z'],
    [
      '2006-01-02T15:04:05.999Z07:00',
      '2026-03-04T05:06:07.123456789+02:00',
      'UTC',
      '2026-03-04T03:06:07.123456789Z',
    ],
    ['2006-01-02T15:04:05.999Z07:00', '2026-03-04T05:06:07Z', 'UTC', '2026-03-04T05:06:07Z'],
    ['2 January 06 3:04 PM', '4 march 26 12:30 am', 'UTC', '2026-03-04T00:30:00Z'],
    ['2006-01-02 15:04', '2026-07-01 12:00', 'Europe/Berlin', '2026-07-01T12:00:00+02:00'],
    ['2006-01-02 15:04', '2026-07-01 12:00', 'Nowhere/None', '2026-07-01T12:00:00Z'],
    ['2006', '0007', 'UTC', '0007-01-01T00:00:00Z'],
  ])('by %s reads %s in %s', (layout, text, zone, wanted) => {
    expect(parseGoTime(layout, text, zone)?.toJSON()).toBe(wanted);
  });

  it.each([
    ['2006-01-02', 'today'],
    ['2006-01-02', '2026-13-01'],
    ['15:04', '12:60'],
    ['Jan 2', 'Foo 2'],
  ])('by %s refuses %s', (layout, text) => {
    expect(parseGoTime(layout, text)).toBeUndefined();
  });
});
