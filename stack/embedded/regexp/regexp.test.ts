import { describe, expect, test } from 'vitest';
import { compileRegexp, RegexpSyntaxError } from './regexp.ts';

const anchored = { anchored: true };

describe('matching', () => {
  test.each([
    ['api', 'api', true],
    ['api', 'api-1', false],
    ['api|gateway', 'gateway', true],
    ['api|gateway', 'gatewa', false],
    ['api.*', 'api-1', true],
    ['api.*', 'my-api', false],
    ['.*api', 'my-api', true],
    ['.*api.*', 'my-api-1', true],
    ['.+', '', false],
    ['.*', '', true],
    ['api-[0-9]', 'api-1', true],
    ['api-[0-9]+', 'api-12', true],
    ['api-[0-9]+', 'api-', false],
    ['(?i)API', 'api', true],
    ['a.c', 'a\nc', true],
    ['5..', '503', true],
    ['', '', true],
    ['', 'x', false],
    ['a|', '', true],
    ['(a|b)+', 'abba', true],
    ['\\d{3}', '200', true],
    ['héllo.?', 'héllo!', true],
    ['[^a]+', 'bcd', true],
    ['^api$', 'api', true],
    ['a.b', 'a😀b', true],
    ['a\\-[bc]', 'a-b', true],
  ])('%s on %s: %s', (pattern, text, matches) => {
    expect(compileRegexp(pattern, anchored).test(text)).toBe(matches);
  });

  test('unanchored, it searches, and the dot stops at a line end', () => {
    expect(compileRegexp('b.').test('abc')).toBe(true);
    expect(compileRegexp('b.').test('ab\nc')).toBe(false);
  });
});

describe('groups', () => {
  test('exec gives index, groups and names', () => {
    const match = compileRegexp('(?P<key>\\w+)=(\\d+)?').exec('  a=1 b=');
    expect(match).toMatchObject({ index: 2, groups: ['a=1', 'a', '1'], names: { key: 'a' } });
    expect(compileRegexp('x').exec('a')).toBeNull();
  });

  test.each([
    ['(\\w+)-(\\w+)', 'api-1 db-2', '$2:$1', '1:api 2:db'],
    ['(?P<n>\\d)', 'a1b2', `<$${'{n}'}>`, 'a<1>b<2>'],
    ['a', 'banana', '$$', 'b$n$n$'],
    ['a*', 'baab', 'x', 'xbxbx'],
    ['(a)', 'a', '$1x', ''],
    ['(a)', 'a', `$${'{1}x'}`, 'ax'],
    ['x', 'abc', 'y', 'abc'],
  ])('replaces %s in %s by %s', (pattern, text, template, expected) => {
    expect(compileRegexp(pattern).replaceAll(text, template)).toBe(expected);
  });
});

describe('errors are those of Go', () => {
  test.each([
    ['(', 'error parsing regexp: missing closing ): `(`'],
    ['[a', 'error parsing regexp: missing closing ]: `[a`'],
    ['*', 'error parsing regexp: missing argument to repetition operator: `*`'],
    ['a)', 'error parsing regexp: unexpected ): `a)`'],
    ['\\8', 'error parsing regexp: invalid escape sequence: `\\8`'],
  ])('%s', (pattern, message) => {
    expect(() => compileRegexp(pattern)).toThrow(RegexpSyntaxError);
    expect(() => compileRegexp(pattern)).toThrow(message);
  });
});

test.each(['(a+)+$', '(a|aa)+$', '(.*)(.*)(.*)(.*)x', '(a*)*b', 'a*a*a*a*a*c', '(?:a?){20}a{20}'])(
  'no pattern takes more than linear time: %s',
  (pattern) => {
    const text = `${'a'.repeat(20_000)}!`;
    for (const options of [anchored, {}]) {
      const started = performance.now();
      compileRegexp(pattern, options).test(text);
      // Backtracking would take longer than the test may last; this is a bound of the kind, not a measurement.
      expect(performance.now() - started).toBeLessThan(10_000);
    }
  },
);
