import { expect, it } from 'vitest';
import { parseReleaseDefect, releaseDefect } from './release-defect.ts';

/** How many of so many requests to an endpoint fail. */
async function failures(count: number, endpoint: string, rate = '0.226'): Promise<number> {
  const middleware = releaseDefect(parseReleaseDefect(`locale:/api/v1/notes:${rate}`));
  let failed = 0;
  for (let request = 0; request < count; request++) {
    try {
      await middleware({} as never, { locals: { endpoint } } as never, () => {});
    } catch (error) {
      expect((error as Error).message).toContain("(reading 'locale')");
      failed += 1;
    }
  }
  return failed;
}

it('fails its share of one endpoint, evenly, and nothing else', async () => {
  // The sum of a thousand times 0.226 is a hair below 226 in floating point.
  expect(await failures(1000, '/api/v1/notes')).toBe(225);
  expect(await failures(50, '/api/v1/notes')).toBe(11);
  expect(await failures(1000, '/api/v1/orders')).toBe(0);
});

it('takes only what reads name:/endpoint:rate', () => {
  expect(parseReleaseDefect('locale:/api/v1/notes:0.226')).toEqual({
    name: 'locale',
    endpoint: '/api/v1/notes',
    rate: 0.226,
  });
  for (const text of ['', 'locale', 'locale:notes:0.1', 'locale:/notes:2', 'locale:/notes:'])
    expect(parseReleaseDefect(text)).toBeUndefined();
});
