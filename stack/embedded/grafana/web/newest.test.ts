import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Range } from './data.ts';
import { beginningOf, newestExemplars, newestSeries } from './newest.ts';
import type { TargetView } from './view.ts';

const minute = 60_000;
const noon = Date.UTC(2026, 0, 1, 12);
const rangeAt = (to: number): Range => ({ from: to - 15 * minute, to, stepSeconds: 3 });

describe('where to begin asking', () => {
  const known = { range: rangeAt(noon), answer: undefined, wholeAt: noon };
  test.each([
    [
      'five seconds later: half a minute before what is known',
      rangeAt(noon + 5_000),
      5_000,
      noon - minute / 2,
    ],
    ['with another step: everything', { ...rangeAt(noon + 5_000), stepSeconds: 6 }, 5_000, undefined],
    ['earlier: everything', rangeAt(noon - 5_000), 5_000, undefined],
    ['wider: everything', { ...rangeAt(noon), from: noon - 30 * minute }, 5_000, undefined],
    ['far later: everything', rangeAt(noon + 15 * minute), minute, undefined],
    ['after five minutes: everything', rangeAt(noon + 6 * minute), 6 * minute, undefined],
    ['steps of a minute: five of them', { ...rangeAt(noon), stepSeconds: 60 }, 0, noon - 5 * minute],
  ])('%s', (_, range, laterMs, begin) => {
    const at = { ...known, range: { ...known.range, stepSeconds: range.stepSeconds === 60 ? 60 : 3 } };
    expect(beginningOf(at, range, noon + laterMs)).toBe(begin);
  });
  test('of what nothing is known: everything', () => {
    expect(beginningOf(undefined, rangeAt(noon), noon)).toBeUndefined();
  });
});

describe('against a data source', () => {
  /** The series and exemplars that it has: a point each step, and one exemplar each ten seconds. */
  let asked: { path: string; start: number; end: number }[];
  let names: string[];
  beforeEach(() => {
    asked = [];
    names = ['api-1'];
    vi.useFakeTimers({ now: noon });
    vi.stubGlobal('fetch', async (address: string) => {
      const { pathname, searchParams } = new URL(address, 'http://grafana');
      const [start, end] = ['start', 'end'].map((name) => Number(searchParams.get(name))) as [number, number];
      asked.push({ path: pathname.replace(/.*\//, ''), start, end });
      const times = (every: number) =>
        Array.from({ length: Math.floor((end - start) / every) + 1 }, (_, index) => start + index * every);
      const body = pathname.endsWith('exemplars')
        ? {
            data: [
              {
                exemplars: times(1)
                  .filter((time) => time % 10 === 0)
                  .map((timestamp) => ({ labels: { trace_id: String(timestamp) }, value: '1', timestamp })),
              },
            ],
          }
        : {
            data: {
              resultType: 'matrix',
              result: names.map((instance) => ({
                metric: { instance },
                values: times(3).map((time) => [time, String(time % 60)]),
              })),
            },
          };
      return new Response(JSON.stringify(body));
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const target = (query = 'up'): TargetView => ({
    source: { uid: 'prometheus', type: 'prometheus' },
    query,
    written: query,
    explore: '',
    serviceMap: false,
    legend: '',
    instant: false,
    exemplars: true,
    limit: 20,
  });
  const spans = () => asked.map(({ start, end }) => end - start);

  test('a refresh asks for the last half minute, and has what the whole range would have', async () => {
    const one = target();
    await newestSeries(one, rangeAt(noon));
    const refreshed = await newestSeries(one, rangeAt(noon + 6_000));
    expect(spans()).toEqual([900, 36]);
    expect(refreshed).toEqual(await newestSeries(target(), rangeAt(noon + 6_000)));
    expect(spans().at(-1)).toBe(900);
  });

  test('a new series has the whole range asked for again', async () => {
    const one = target();
    await newestSeries(one, rangeAt(noon));
    names.push('api-2');
    expect(await newestSeries(one, rangeAt(noon + 6_000))).toMatchObject([
      { times: { length: 301 } },
      { times: { length: 301 } },
    ]);
    expect(spans()).toEqual([900, 36, 900]);
  });

  test.each(['rate(x[1m] @ end())', 'x @start()'])(
    '%s depends on the range: it is asked whole',
    async (query) => {
      const one = target(query);
      await newestSeries(one, rangeAt(noon));
      await newestSeries(one, rangeAt(noon + 6_000));
      expect(spans()).toEqual([900, 900]);
    },
  );

  test('exemplars likewise, and none twice', async () => {
    const one = target();
    await newestExemplars(one, rangeAt(noon));
    const refreshed = await newestExemplars(one, rangeAt(noon + 10_000));
    expect(spans()).toEqual([900, 40]);
    expect(refreshed).toEqual(await newestExemplars(target(), rangeAt(noon + 10_000)));
  });
});
