import { expect, test } from 'vitest';
import { logqlPlace } from './logql-names.ts';

test.each([
  ['{', 'label', ''],
  ['{ap', 'label', 'ap'],
  ['{app="notes", inst', 'label', 'inst'],
  ['{app="a,b{", x', 'label', 'x'],
  ['rate({app="notes"} |= "x" [1m]) + count_over_time({', 'label', ''],
  ['{app="a}b", x', 'label', 'x'],
  ['{app="notes"} |= "a {" | js', 'stage', 'js'],
  ['{app="', 'value app', ''],
  ['{app="no', 'value app', 'no'],
  ['{app="notes",level=~"info|', 'value level', 'info|'],
  ['{app != "a\\"b', 'value app', 'a\\"b'],
  ['{app="notes"} | js', 'stage', 'js'],
  ['{app="notes"} |', 'stage', ''],
  ['su', 'function', 'su'],
  ['sum by (level) (cou', 'function', 'cou'],
] as const)('at the end of %s something is offered: %s', (before, what, replaced) => {
  const place = logqlPlace(before);
  expect(place && (place.kind === 'value' ? `value ${place.label}` : place.kind)).toBe(what);
  expect(before.slice(place?.from)).toBe(replaced);
});

test.each([
  '',
  '{app="notes"',
  '{app="notes"} |= "a {b',
  '{app="notes"} |= "x | js',
  '{app="notes"} |= "a \\" | js',
  '{app="notes"} |= `su',
  '{app="notes"} | json | level="',
])('at the end of %s nothing is offered', (before) => {
  expect(logqlPlace(before)).toBeUndefined();
});
