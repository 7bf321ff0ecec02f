import { expect, test } from 'vitest';
import { labNameFrom } from './lab-name.ts';

test.each([
  [undefined, 'default'],
  ['', 'default'],
  ['a', 'a'],
  ['ci-17', 'ci-17'],
  ['x'.repeat(32), 'x'.repeat(32)],
])('LAB_NAME=%s names the lab %s', (value, name) => {
  expect(labNameFrom({ LAB_NAME: value })).toBe(name);
});

test.each(['../x', 'a/b', '-a', 'a-', 'A', 'a b', '.cache', 'x'.repeat(33)])(
  'LAB_NAME=%s would leave .lab or break a host name, and is refused',
  (value) => {
    expect(() => labNameFrom({ LAB_NAME: value })).toThrow(
      expect.objectContaining({ code: 'LAB_NAME_INVALID', exitCode: 2 }),
    );
  },
);
