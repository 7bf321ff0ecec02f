import { expect, test } from 'vitest';
import { errorWords } from './data.ts';

test.each([
  [{ status: 'error', errorType: 'bad_data', error: 'parse error' }, 'parse error'],
  [{ error: { httpCode: 404, message: 'trace not found' } }, 'trace not found'],
  [{ message: 'Unauthorized' }, 'Unauthorized'],
  [{ code: 602, message: 'comment in body is required' }, 'comment in body is required'],
  [
    'Failed to create silence: start time must be before end time',
    'Failed to create silence: start time must be before end time',
  ],
  [{ status: 'error' }, undefined],
  [null, undefined],
])('the words of %j', (body, words) => {
  expect(errorWords(body)).toBe(words);
});
