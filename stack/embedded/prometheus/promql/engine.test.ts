import { describe, expect, test } from 'vitest';
import { Labels } from '../labels/labels.ts';
import type { Queryable, SeriesSamples } from '../storage/queryable.ts';
import { limitAnnotations } from './annotations.ts';
import { createEngine } from './engine.ts';
import {
  PromqlCanceledError,
  PromqlInvalidQueryError,
  PromqlParseError,
  PromqlTimeoutError,
  PromqlTooManySamplesError,
} from './errors.ts';

function storageOf(count: number, samples: number): Queryable & { selects: number } {
  const series: SeriesSamples[] = Array.from({ length: count }, (_, index) => ({
    labels: Labels.from({ __name__: 'up', instance: String(index) }),
    timestamps: Float64Array.from({ length: samples }, (__, sample) => sample * 1000),
    values: Float64Array.from({ length: samples }, (__, sample) => sample),
  }));
  return {
    selects: 0,
    select(matchers, minMs, maxMs) {
      this.selects++;
      return series
        .filter(({ labels }) => matchers.every((matcher) => matcher.matches(labels.get(matcher.name))))
        .map(({ labels, timestamps, values }) => {
          const kept = [...timestamps.keys()].filter(
            (at) => timestamps[at]! >= minMs && timestamps[at]! <= maxMs,
          );
          return {
            labels,
            timestamps: Float64Array.from(kept, (at) => timestamps[at]!),
            values: Float64Array.from(kept, (at) => values[at]!),
          };
        });
    },
  };
}

const engine = createEngine();

describe('limits', () => {
  test('more samples than allowed are an error with the text of Prometheus', () => {
    const ask = (): unknown => engine.instantQuery(storageOf(20, 10), 'sum(up)', 9000, { maxSamples: 10 });
    expect(ask).toThrow(PromqlTooManySamplesError);
    expect(ask).toThrow('query processing would load too many samples into memory in query execution');
  });

  test('the samples of a range count too', () => {
    const ask = (): unknown =>
      engine.instantQuery(storageOf(1, 100), 'rate(up[2m])', 99_000, { maxSamples: 50 });
    expect(ask).toThrow(PromqlTooManySamplesError);
  });

  test('a billion steps are refused before memory is taken', () => {
    expect(() => engine.rangeQuery(storageOf(1, 1), 'up', 0, 1e12, 1000)).toThrow(PromqlTooManySamplesError);
  });

  test('a subquery with too small a step ends at the limit', () => {
    expect(() => engine.instantQuery(storageOf(1, 10), 'count_over_time(up[10y:1ms])', 1e12)).toThrow(
      PromqlTooManySamplesError,
    );
  });

  test.each(['label_join(V, "a", "", "a", "a")', 'label_replace(V, "a", "$1$1", "a", "(.*)")'])(
    'a label that is doubled again and again ends at the limit: %s',
    (double) => {
      let query = 'label_replace(up, "a", "12345", "", "")';
      for (let times = 0; times < 40; times++) query = double.replace('V', query);
      expect(() => engine.instantQuery(storageOf(3, 1), query, 1000)).toThrow(
        /^label value of \d+ characters/,
      );
    },
  );

  test('the deepest queries that parse can be evaluated', () => {
    const flat = Array.from({ length: 1000 }, () => 'up').join(' + ');
    expect(engine.instantQuery(storageOf(1, 10), flat, 1000)).toMatchObject({ samples: [{ value: 1000 }] });
    const deep = `${'abs('.repeat(490)}up${')'.repeat(490)}`;
    expect(engine.rangeQuery(storageOf(1, 10), deep, 0, 9000, 1000).series).toHaveLength(1);
  });

  test('a deadline that passed is a timeout', () => {
    expect(() => engine.instantQuery(storageOf(1, 10), 'up', 0, { timeoutMs: -1 })).toThrow(
      PromqlTimeoutError,
    );
  });

  test('an aborted signal cancels', () => {
    const signal = AbortSignal.abort();
    expect(() => engine.instantQuery(storageOf(1, 10), 'up', 0, { signal })).toThrow(PromqlCanceledError);
  });
});

describe('results', () => {
  test('a range query of a scalar is one series without labels', () => {
    const { series } = engine.rangeQuery(storageOf(1, 1), '1 + 1', 0, 2000, 1000);
    expect(series).toHaveLength(1);
    expect(series[0]!.labels.pairs).toEqual([]);
    expect([...series[0]!.values]).toEqual([2, 2, 2]);
  });

  test('a range query of a string or a range vector is refused as Prometheus does', () => {
    expect(() => engine.rangeQuery(storageOf(1, 1), '"a"', 0, 1, 1)).toThrow(PromqlInvalidQueryError);
    expect(() => engine.rangeQuery(storageOf(1, 1), 'up[5m]', 0, 1, 1)).toThrow(
      'invalid expression type "range vector" for range query, must be Scalar or instant Vector',
    );
  });

  test('a range vector gives its samples as they are stored', () => {
    const result = engine.instantQuery(storageOf(1, 10), 'up[3s]', 9000);
    expect(result.type === 'matrix' && [...result.series[0]!.timestamps]).toEqual([7000, 8000, 9000]);
  });

  test('each selector asks the storage once for all steps', () => {
    const storage = storageOf(3, 10);
    engine.rangeQuery(storage, 'sum(rate(up[5s])) / count(up)', 0, 9000, 1000);
    expect(storage.selects).toBe(2);
  });

  test('statistics tell the samples read by step', () => {
    const { stats } = engine.rangeQuery(storageOf(2, 10), 'sum(up)', 0, 2000, 1000);
    expect(stats.totalQueryableSamples).toBe(6);
    expect(stats.totalQueryableSamplesPerStep).toEqual([
      [0, 2],
      [1000, 2],
      [2000, 2],
    ]);
  });
});

describe('signs in a duration, as Prometheus 3.5.3 reads them', () => {
  test.each([
    ['up offset (-2 ^ 2)', 54],
    ['up offset (-(2) ^ 2)', 54],
    ['up offset ((-2 ^ 2))', 54],
    ['up offset (1 + -2 ^ 2)', 53],
    ['up offset (-2 * -3 ^ 2)', 32],
    ['up offset (3 - -2 ^ 2)', 43],
    ['up offset -(-2 ^ 2)', 46],
    ['up offset (--2 ^ 2)', 46],
    ['up offset (-2 * 3)', 56],
    ['up offset (-2 + 5)', 47],
    ['up offset -(2 ^ 2)', 54],
    // The offset ends where an operator begins.
    ['up offset -2 ^ 2', 52 ** 2],
    ['up offset - -2', 48],
    ['sum_over_time(up[-2 ^ 2 + 8])', 50 + 49 + 48 + 47],
  ])('%s', (query, value) => {
    const result = createEngine({ durationExpressions: true }).instantQuery(storageOf(1, 100), query, 50_000);
    expect(result).toMatchObject({ samples: [{ value }] });
  });
});

describe('feature flags are off unless asked for', () => {
  test.each([
    'limitk(1, up)',
    'mad_over_time(up[1m])',
    'up + fill(0) up',
    'rate(up[1m] anchored)',
    'up[1m * 2]',
  ])('%s', (query) => {
    expect(() => engine.instantQuery(storageOf(1, 1), query, 0)).toThrow(PromqlParseError);
  });

  test('without delayed name removal two metrics of the same labels clash at once', () => {
    const series = ['a', 'b'].map((name) => ({
      labels: Labels.from({ __name__: name }),
      timestamps: Float64Array.of(0, 1000),
      values: Float64Array.of(1, 2),
    }));
    const storage: Queryable = { select: () => series };
    const query = 'count(rate({__name__=~"a|b"}[5s]))';
    expect(() => engine.instantQuery(storage, query, 1000)).toThrow(
      'vector cannot contain metrics with the same labelset',
    );
    const delayed = createEngine({ delayedNameRemoval: true });
    expect(delayed.instantQuery(storage, query, 1000)).toMatchObject({ samples: [{ value: 2 }] });
  });
});

test('annotations beyond ten are counted, not listed', () => {
  const warnings = Array.from({ length: 12 }, (_, index) => `w${index}`);
  const limited = limitAnnotations({ warnings, infos: ['i'] });
  expect(limited.warnings).toHaveLength(11);
  expect(limited.warnings.at(-1)).toBe('2 more warning annotations omitted');
  expect(limited.infos).toEqual(['i']);
});
