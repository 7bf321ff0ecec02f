import { expect, test } from 'vitest';
import { builtInVariables, interpolate, readVariables } from './variables.ts';

const list = [
  { name: 'instance', label: 'Instance', current: { text: 'api-1', value: 'api-1' } },
  { name: 'level', multi: true, includeAll: true, allValue: '.+', current: { text: 'All', value: '$__all' } },
  { name: 'search', current: { text: '', value: '' } },
];
const values = (address: string) =>
  Object.fromEntries(
    readVariables(list, new URLSearchParams(address)).map(({ name, value }) => [name, value]),
  );

test('a variable has the value of the address, else its own', () => {
  expect(values('')).toEqual({ instance: 'api-1', level: '.+', search: '' });
  expect(values('var-instance=api-2&var-search=a,b')).toEqual({
    instance: 'api-2',
    level: '.+',
    search: 'a,b',
  });
});

test('several values become one regular expression, with their own characters escaped', () => {
  expect(values('var-level=warn&var-level=error').level).toBe('(warn|error)');
  expect(values('var-level=a.b').level).toBe('a\\\\.b');
  expect(values('var-level=warn,All').level).toBe('.+');
});

test('variables are replaced in each of the spellings; what has no value stays', () => {
  const text = `a{i="$i", j=~"\${i}", k="\${i:raw}", l="[[i]]", m="$other", n=~"a$"}[$__rate_interval]`;
  expect(interpolate(text, { i: 'x', __rate_interval: '4s' })).toBe(
    'a{i="x", j=~"x", k="x", l="x", m="$other", n=~"a$"}[4s]',
  );
});

test.each([
  { timeInterval: '1s', rangeSeconds: 900, interval: '1s', rate: '4s' },
  { timeInterval: '15s', rangeSeconds: 900, interval: '15s', rate: '60s' },
  { timeInterval: '15s', rangeSeconds: 86_400, interval: '87s', rate: '102s' },
  { timeInterval: undefined, rangeSeconds: 900, interval: '15s', rate: '60s' },
  { timeInterval: 'soon', rangeSeconds: 900, interval: '15s', rate: '60s' },
])('$rangeSeconds s at a scrape interval of $timeInterval are rated over $rate', (row) => {
  expect(builtInVariables(row.rangeSeconds, row.timeInterval)).toMatchObject({
    __interval: row.interval,
    __rate_interval: row.rate,
    __range: `${row.rangeSeconds}s`,
  });
});
