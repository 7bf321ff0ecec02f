import { describe, expect, test } from 'vitest';
import { pathOf } from './map-drawing.ts';
import { mostLines, type PlacedMap, placeMap } from './map-layout.ts';
import { type Call, mapOf } from './service-map.ts';

const call = (from: string, to: string, count = 1): Call => ({ from, to, count });
const shop = [call('gateway', 'gateway', 40), call('gateway', 'api', 1_200), call('api', 'stock', 300)];
const placed = (calls: readonly Call[], failed: readonly [string, number][] = []) =>
  placeMap(mapOf(calls, new Map(failed)));
const box = ({ services }: PlacedMap, name: string) => services.find(({ service }) => service.name === name)!;

test('a service counts what others call of it, the busiest call comes first', () => {
  const map = mapOf([...shop, call('stock', 'api', 5)], new Map([['api', 0.25]]));
  expect(map.services).toEqual([
    { name: 'gateway', received: 0, failedShare: undefined },
    { name: 'api', received: 1_205, failedShare: 0.25 },
    { name: 'stock', received: 300, failedShare: undefined },
  ]);
  expect(map.calls.map(({ count }) => count)).toEqual([1_200, 300, 40, 5]);
});

describe('the layout', () => {
  test('who calls stands left of what is called, and a line leads from box to box', () => {
    const map = placed(shop);
    const [gateway, api, stock] = ['gateway', 'api', 'stock'].map((name) => box(map, name));
    expect(gateway!.x + gateway!.width / 2).toBeLessThan(api!.x - api!.width / 2);
    expect(api!.x + api!.width / 2).toBeLessThan(stock!.x - stock!.width / 2);
    const { points } = map.calls.find(({ call }) => call.to === 'stock')!;
    expect(points[0]!.x).toBeCloseTo(api!.x + api!.width / 2);
    expect(points.at(-1)!.x).toBeCloseTo(stock!.x - stock!.width / 2);
  });

  test('a box says what is known: calls, calls within itself, failed spans', () => {
    const map = placed(shop, [
      ['gateway', 0],
      ['api', 0.25],
    ]);
    expect(map.services.map(({ lines }) => lines)).toEqual([
      ['called by no other', '40 within itself', '0% of spans failed'],
      ['1,200 calls', '25% of spans failed'],
      ['300 calls'],
    ]);
  });

  test.each([
    ['a circle', [call('a', 'b'), call('b', 'c'), call('c', 'a')]],
    ['both ways', [call('a', 'b'), call('b', 'a')]],
    ['itself alone', [call('a', 'a')]],
    ['names of every object', [call('__proto__', 'constructor'), call('constructor', 'toString')]],
  ])('%s is placed without an overlap, inside of the picture', (_, calls) => {
    const map = placed(calls);
    for (const one of map.services) {
      expect(one.x - one.width / 2).toBeGreaterThanOrEqual(0);
      expect(one.x + one.width / 2).toBeLessThanOrEqual(map.width);
      expect(one.y + one.height / 2).toBeLessThanOrEqual(map.height);
      for (const other of map.services.filter((each) => each !== one)) {
        const apart =
          Math.abs(one.x - other.x) >= (one.width + other.width) / 2 ||
          Math.abs(one.y - other.y) >= (one.height + other.height) / 2;
        expect(apart).toBe(true);
      }
    }
    expect(map.calls).toHaveLength(calls.filter(({ from, to }) => from !== to).length);
  });

  test('of very many calls the busiest are drawn', () => {
    const map = placed(Array.from({ length: 150 }, (_, index) => call('a', `b${index}`, index)));
    expect(map.calls).toHaveLength(mostLines);
    expect(map.calls.at(-1)!.call.count).toBe(50);
    expect(map.services).toHaveLength(151);
  });
});

test.each([
  [[], ''],
  [[[0, 0]], ''],
  [
    [
      [0, 0],
      [10, 5],
    ],
    'M0.0 0.0L10.0 5.0',
  ],
  [
    [
      [0, 0],
      [5, 5],
      [10, 0],
    ],
    'M0.0 0.0Q5.0 5.0 10.0 0.0',
  ],
  [
    [
      [0, 0],
      [4, 4],
      [8, 4],
      [12, 0],
    ],
    'M0.0 0.0Q4.0 4.0 6.0 4.0Q8.0 4.0 12.0 0.0',
  ],
])('the line over %j begins and ends at its ends', (points, path) => {
  expect(pathOf(points.map(([x = 0, y = 0]) => ({ x, y })))).toBe(path);
});
