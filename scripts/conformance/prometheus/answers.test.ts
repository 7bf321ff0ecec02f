import { expect, test } from 'vitest';
import { differenceOfAnswers } from './answers.ts';

const headers = { 'Content-Type': 'application/json' };
const lower = { 'content-type': 'application/json' };
const difference = (id: string, wanted: unknown, got: unknown): string | undefined =>
  differenceOfAnswers(
    id,
    { status: 200, headers, bodyJson: wanted },
    { status: 200, headers: lower, body: JSON.stringify(got) },
    Date.now() - 60_000,
  );
const vector = (...result: unknown[]) => ({ status: 'success', data: { resultType: 'vector', result } });
const row = (name: string, value: string, labels = {}) => ({
  metric: { __name__: name, ...labels },
  value: [1_795_217_342, value],
});

test('another status or header differs', () => {
  const wanted = { status: 200, headers, bodyJson: {} };
  expect(differenceOfAnswers('x', wanted, { status: 500, headers: lower, body: '{}' }, 0)).toContain(
    'status 500',
  );
  expect(differenceOfAnswers('x', wanted, { status: 200, headers: {}, body: '{}' }, 0)).toContain('header');
});

test('a quantile is compared by value', () => {
  const id = '020-query-histogram-quantile';
  expect(difference(id, vector(row('', '0.725')), vector(row('', '0.7251')))).toBeUndefined();
  expect(difference(id, vector(row('', '0.725')), vector(row('', '0.73225')))).toContain('0.73225');
  expect(difference(id, vector(row('', '0.725')), vector())).toContain('0 items');
});

test('what sort_desc answers comes in the order of its values', () => {
  const [up, down] = [row('up', '1', { job: 'a' }), row('up', '0', { job: 'b' })];
  expect(difference('035-query-sort-desc', vector(up, down), vector(up, down))).toBeUndefined();
  expect(difference('035-query-sort-desc', vector(up, down), vector(down, up))).toContain(
    'the values are 0 1',
  );
});

test('a sample that tells of the moment has bounds, the others are compared', () => {
  const id = '037-query-scrape-series';
  const wanted = vector(row('up', '0'), row('scrape_duration_seconds', '0.0003'));
  const got = (up: string, duration: string) =>
    vector(row('up', up), row('scrape_duration_seconds', duration));
  expect(difference(id, wanted, got('0', '0.4'))).toBeUndefined();
  expect(difference(id, wanted, got('1', '0.4'))).toContain('is 1, wanted 0');
  expect(difference(id, wanted, got('0', '7'))).toContain('wanted from 0 to 1');
  expect(difference(id, wanted, vector(row('up', '0')))).toContain('1 items');
});

test('by shape, limited lists are as long as recorded, and sorted names are sorted and there', () => {
  const limited = (...data: string[]) => ({ status: 'success', data, warnings: ['truncated'] });
  expect(difference('123-label-values-limit', limited('a', 'b'), limited('c', 'd'))).toBeUndefined();
  expect(difference('123-label-values-limit', limited('a', 'b'), limited('c'))).toContain('1 items');
  const labels =
    '__name__ alertname alertstate code env instance job kind le method note path port quantile queue severity team version';
  const names = { status: 'success', data: labels.split(' ') };
  expect(difference('109-labels', names, names)).toBeUndefined();
  expect(difference('109-labels', names, { ...names, data: names.data.slice(1) })).toContain(
    'missing are __name__',
  );
  expect(difference('109-labels', names, { ...names, data: names.data.toReversed() })).toContain(
    'not sorted',
  );
});

test('the moments of a target are bounded: an old scrape differs', () => {
  const target = (lastScrape: string) => ({ data: { activeTargets: [{ health: 'up', lastScrape }] } });
  const recorded = target('2026-11-20T23:29:01.526785362Z');
  expect(difference('137-targets', recorded, target(new Date().toISOString()))).toBeUndefined();
  expect(difference('137-targets', recorded, recorded)).toContain('out of bounds');
});
