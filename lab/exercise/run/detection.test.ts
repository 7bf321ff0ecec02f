import { describe, expect, it } from 'vitest';
import type { ExerciseContext } from '../model/model.ts';
import { fakeContext } from '../testing/fake-context.ts';
import { type Detection, describeDetection, detectionCheck, detectionLimit, groupWait } from './detection.ts';

const pipeline = { scrapeMs: 1000, evaluationMs: 1000, forMs: 5000, groupWaitMs: 1000 };
const onset = { seconds: 0, why: 'at once' };

describe('the limit of detection', () => {
  it('is every interval in its worst case; parts of no length are left out', () => {
    expect(detectionLimit(pipeline, onset, 1).map(({ name, ms }) => [name, ms])).toEqual([
      ['scrape', 1000],
      ['evaluation', 1000],
      ['for', 5000],
      ['group_wait', 1000],
    ]);
    const recorded = detectionLimit({ ...pipeline, forMs: 0 }, { ...onset, seconds: 1.25 }, 2);
    expect(recorded.map(({ name }) => name)).toEqual([
      'onset',
      'scrape',
      'evaluation',
      'evaluation',
      'group_wait',
    ]);
    expect(recorded.reduce((sum, { ms }) => sum + ms, 0)).toBe(5250);
  });

  it('lets a run take half as long again, and says so', () => {
    const detectedAfter = (actualMs: number | null): Detection => ({
      alertname: 'ServiceDown',
      labels: {},
      brokenAt: '2026-01-01T00:00:00.000Z',
      firingAt: null,
      notifiedAt: null,
      parts: detectionLimit(pipeline, onset, 1),
      limitMs: 8000,
      actualMs,
    });
    const observe = { alertmanager: { link: () => 'http://alertmanager' } } as unknown;
    const context = { ...fakeContext(), observe: observe as ExerciseContext['observe'] };
    expect(detectionCheck(detectedAfter(8_200), context)).toMatchObject({
      verdict: 'passed',
      observed: '8.2 s',
      note: 'at most 12 s = 1.5 × (scrape 1 + evaluation 1 + for 5 + group_wait 1)',
    });
    expect(detectionCheck(detectedAfter(12_000), context).verdict).toBe('passed');
    expect(detectionCheck(detectedAfter(12_001), context).verdict).toBe('failed');
    expect(detectionCheck(detectedAfter(null), context)).toMatchObject({
      verdict: 'failed',
      observed: 'never',
    });
    expect(describeDetection(detectedAfter(8_200))).toBe(
      'detected in 8.2 s (its intervals add up to 8.0 s, at most 12.0 s)',
    );
    expect(describeDetection(detectedAfter(null))).toMatch(/^detected never /);
  });
});

it('waits for the group as the first route that matches says, or the nearest one above it', () => {
  const routes = {
    group_wait: '10s',
    routes: [
      { matchers: ['severity = "critical"'], group_wait: '1s' },
      {
        matchers: ['team =~ "backend|sre"'],
        routes: [{ matchers: ['severity != "low"'], group_wait: '2s' }],
      },
    ],
  };
  expect(groupWait(routes, { severity: 'critical' })).toBe('1s');
  expect(groupWait(routes, { severity: 'high', team: 'sre' })).toBe('2s');
  expect(groupWait(routes, { severity: 'low', team: 'sre' })).toBe('10s');
  expect(groupWait(routes, { severity: 'high', team: 'sres' })).toBe('10s');
});
