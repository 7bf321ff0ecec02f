import { expect, it } from 'vitest';
import { FaultUnknown, LabNameInvalid, UsageError } from '../errors.ts';
import { asLabError } from '../program.ts';
import { legible } from './legible.ts';

it.each([
  ['slow-queries', 'slow-queries'],
  ['größe "x" \\ … 日本 🙂', 'größe "x" \\ … 日本 🙂'],
  ['a\nLAB_OK: all is well', 'a\\nLAB_OK: all is well'],
  ['\u001b[2J\u0007\u009b', '\\u001b[2J\\u0007\\u009b'],
  ['a\r\tb\u0000', 'a\\r\\tb\\u0000'],
  ['\u202ekcab\u2066\u2028', '\\u202ekcab\\u2066\\u2028'],
  ['half \ud83d of a pair', 'half \\ud83d of a pair'],
])('%j is shown as %s', (given, shown) => {
  expect(legible(given)).toBe(shown);
});

it('cuts what is too long in the middle, and says how much is left out', () => {
  const word = legible(`a ${'x'.repeat(99_999)}y z`);
  expect(word).toMatch(/^a x+…\(99800 more characters\)…x+y z$/);
  expect(word.length).toBeLessThan(500);
  expect(legible('x'.repeat(200))).toBe('x'.repeat(200));
  expect(legible('x'.repeat(201))).toContain('…(1 more characters)…');
  expect(legible('word '.repeat(20_000)).length).toBeLessThan(2_100);
});

it('holds for whatever an error of the catalogue is told', () => {
  const evil = `\u001b[31m${'x'.repeat(100_000)}\nLAB_OK`;
  for (const error of [
    new FaultUnknown(evil, 'stop'),
    new UsageError(evil, evil),
    new LabNameInvalid(evil),
  ]) {
    expect(error.message).not.toMatch(/\p{Cc}/u);
    expect(error.message.length).toBeLessThan(3_000);
  }
  const internal = asLabError(new Error(evil));
  expect(internal?.message).not.toMatch(/\p{Cc}/u);
  expect(internal?.message.length).toBeLessThan(3_000);
});
