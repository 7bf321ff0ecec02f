import { expect, test } from 'vitest';
import { internalWords, publicTextProblem } from './public-text.ts';

test.each([
  ['postgres-primary is gone', 'postgres-primary'],
  ['the Gateway answers 503', 'Gateway'],
  ['see http://127.0.0.1:3001/d/service', 'http://127.0.0.1:3001/d/service'],
  ['10.0.0.3:5432 refuses', '10.0.0.3:5432'],
  ['connect ECONNREFUSED', 'ECONNREFUSED'],
  ['TypeError: x is undefined', 'TypeError'],
  ['oh no\n    at handle (notes.js:12:5)', 'at handle (notes.js:12:5)'],
])('%j is not for the public', (text, words) => {
  expect(internalWords(text)?.words).toBe(words);
});

test.each([
  'Notes cannot be saved. Reading works.',
  'We have found the cause and are repairing it (10:45 UTC).',
])('%j may be told', (text) => {
  expect(internalWords(text)).toBeUndefined();
});

test.each([
  ['', 'The text is empty.'],
  [' \n ', 'The text is empty.'],
  ['x'.repeat(501), 'The text has 501 characters, and 500 are allowed.'],
  ['the gateway is slow', '"gateway" is an internal name, and the status page is public.'],
  [` ${'x'.repeat(500)} `, undefined],
])('%j is no text for users: %s', (text, problem) => {
  expect(publicTextProblem(text)?.problem).toBe(problem);
});
