import { expect, test } from 'vitest';
import { findComponent } from '../../topology.ts';
import { startTestServer } from './testing/test-server.ts';
import { version } from './version.ts';

test('the server follows the release whose image the lab runs, and says so', async () => {
  const tag = findComponent('prometheus')!.image.split(':v')[1];
  expect(version).toBe(`${tag}-embedded`);
  await using prometheus = await startTestServer({});
  expect((await prometheus.get('status/buildinfo')).body.data.version).toBe(version);
});

test('what became stable by that release needs no flag, what is experimental in it does', async () => {
  await using prometheus = await startTestServer({});
  const says = async (query: string) => (await prometheus.get('query', { query })).body.error ?? 'an answer';
  // Stable since 3.14: first_over_time and duration expressions.
  expect(await says('first_over_time(m[5m])')).toBe('an answer');
  expect(await says('rate(m[step() + 5m] offset (2 * 30s))')).toBe('an answer');
  expect(await says('max_over_time(m[1h:2 * 30s])')).toBe('an answer');
  for (const experimental of ['mad_over_time(m[5m])', 'start_timestamp(m)', 'max_of(1, 2)', 'm smoothed']) {
    expect(await says(experimental)).toMatch(/not enabled/);
  }
});
