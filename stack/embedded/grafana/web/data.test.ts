import { expect, test, vi } from 'vitest';
import { errorWords, fetchMarks } from './data.ts';

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

test('the marks of a dashboard are one request, each in the colour of its kind', async () => {
  const asked: URL[] = [];
  vi.stubGlobal('fetch', async (address: string) => {
    asked.push(new URL(address, 'http://grafana'));
    const mark = (time: number, ...tags: string[]) => ({ time, text: tags.join(), tags });
    return Response.json([mark(1, 'lab', 'break'), mark(2, 'fix', 'lab'), mark(3, 'lab'), mark(4, 'break')]);
  });
  const kinds = ['break', 'fix'].map((tag, index) => ({
    color: ['red', 'green'][index]!,
    tags: ['lab', tag],
  }));
  try {
    expect(await fetchMarks(kinds, { from: 0, to: 10 })).toEqual([
      { time: 1, text: 'lab,break', color: 'red' },
      { time: 2, text: 'fix,lab', color: 'green' },
    ]);
    expect(asked.map(({ searchParams }) => searchParams.getAll('tags'))).toEqual([['lab', 'break', 'fix']]);
    expect(asked[0]!.searchParams.get('matchAny')).toBe('true');
    expect(await fetchMarks([], { from: 0, to: 10 })).toEqual([]);
    expect(asked).toHaveLength(1);
  } finally {
    vi.unstubAllGlobals();
  }
});
