import { describe, expect, it } from 'vitest';
import type { Invariant } from '../model/model.ts';
import { checkLine, resultLine } from '../report/check-line.ts';
import { checkReading, FakeClock, fakeContext } from '../testing/fake-context.ts';
import { judgeInvariant, runCheck } from './run-check.ts';

describe('runCheck', () => {
  it('passes as soon as the value meets the expectation', async () => {
    const result = await runCheck(checkReading([41, 200, 540]), 'observe', fakeContext());
    expect(result).toMatchObject({
      verdict: 'passed',
      observed: '540 ms',
      observedValue: 540,
      expected: 'at least 400 ms',
      ms: 1000,
    });
  });

  it('asks as seldom as it is told', async () => {
    const seldom = await runCheck(checkReading([41, 200, 540]), 'observe', fakeContext(), 'confirm', 4_000);
    expect(seldom).toMatchObject({ verdict: 'passed', ms: 8_000 });
  });

  it('fails at its deadline with the last value', async () => {
    const result = await runCheck(checkReading([41]), 'observe', fakeContext());
    expect(result).toMatchObject({ verdict: 'failed', observed: '41 ms', ms: 30_000 });
    expect(checkLine(result)).toBe(
      '✗ p95 of api-1 exceeds 400 ms: observed 41 ms, expected at least 400 ms within 30 s. Look: http://prometheus/query Next: look at the slow queries.',
    );
  });

  it.each([
    ['nothing', undefined, 'the query returned nothing'],
    ['NaN', Number.NaN, 'the query returned NaN'],
    ['an infinity', Number.NEGATIVE_INFINITY, 'the query returned -Infinity'],
    ['a backend that is down', new Error('Prometheus is not reachable'), 'Prometheus is not reachable'],
  ])('is an error, never passed, on %s', async (_, value, note) => {
    const check = checkReading([value], { expect: { atMost: 1e9, unit: 'ms' } });
    expect(await runCheck(check, 'observe', fakeContext())).toMatchObject({
      verdict: 'error',
      note,
      observedValue: null,
    });
  });

  it.each([0, undefined, Number.NaN, -1])('is an error when its guard sees %s', async (evidence) => {
    const check = checkReading([540], {
      guard: { what: 'requests to api-1', measure: async () => evidence },
    });
    const result = await runCheck(check, 'observe', fakeContext());
    expect(result.verdict).toBe('error');
    expect(result.note).toMatch(/^no evidence: requests to api-1/);
  });

  it('asks anew after an error, until the deadline', async () => {
    const check = checkReading([new Error('starting'), undefined, 540]);
    expect(await runCheck(check, 'observe', fakeContext())).toMatchObject({ verdict: 'passed', ms: 1000 });
  });

  it('wants the value to hold without a break', async () => {
    const check = checkReading([540, 540, 41, 540, 540, 540, 540, 540], { holdsForSeconds: 2 });
    // Polls every half second: the hold begins anew at 1.5 s.
    expect(await runCheck(check, 'observe', fakeContext())).toMatchObject({ verdict: 'passed', ms: 3500 });
  });

  it('lets a hold that began before the deadline end after it', async () => {
    const values = [...Array.from({ length: 60 }, () => 41), 540];
    const check = checkReading(values, { holdsForSeconds: 5 });
    expect(await runCheck(check, 'observe', fakeContext())).toMatchObject({ verdict: 'passed', ms: 35_000 });
  });

  it('fails when a late hold breaks', async () => {
    const values = [...Array.from({ length: 60 }, () => 41), 540, 540, 41];
    const check = checkReading(values, { holdsForSeconds: 5 });
    expect(await runCheck(check, 'observe', fakeContext())).toMatchObject({
      verdict: 'failed',
      observed: '41 ms',
    });
  });

  it('believes a control only when it was measured failing three times in a row', async () => {
    const values = [undefined, 41, new Error('away'), 41, 540, 41, 42, 43];
    const result = await runCheck(checkReading(values), 'control', fakeContext(), 'refute');
    expect(result).toMatchObject({ verdict: 'failed', observed: '43 ms', ms: 3_500 });
    expect(resultLine(result)).toBe('✓ p95 of api-1 exceeds 400 ms: not yet (observed 43 ms)');
  });

  it.each([
    ['passes all the time', [540], 'passed'],
    ['cannot be measured', [undefined], 'error'],
    ['flaps', Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? 41 : 540)), 'passed'],
  ] as const)('does not believe a control that %s', async (_, values, verdict) => {
    const result = await runCheck(checkReading(values), 'control', fakeContext(), 'refute');
    expect(result.verdict).toBe(verdict);
  });

  it('skips with a reason', async () => {
    const result = await runCheck(
      checkReading([540], { skip: () => 'no replica here' }),
      'observe',
      fakeContext(),
    );
    expect(result).toMatchObject({ verdict: 'skipped', note: 'no replica here', observed: null });
  });

  it('ends at once when it is interrupted', async () => {
    const interruption = new AbortController();
    const check = checkReading([41], {
      measure: async () => {
        interruption.abort(new Error('Interrupted.'));
        return 41;
      },
    });
    const context = fakeContext(new FakeClock(), interruption.signal);
    await expect(runCheck(check, 'observe', context)).rejects.toThrow('Interrupted.');
  });

  it('says that a control which passes proves nothing', async () => {
    const result = await runCheck(checkReading([540]), 'control', fakeContext(), 'refute');
    expect(resultLine(result)).toMatch(
      /^✗ .*already so on the healthy system \(observed 540 ms\), so this check proves nothing/,
    );
  });
});

describe('judgeInvariant', () => {
  const invariant: Invariant = {
    id: 'no-errors',
    claim: 'users see no errors',
    pillar: 'traffic',
    query: 'client',
    expect: { equals: 0, unit: '' },
    violatedBy: 'shed-load',
    link: () => 'http://grafana',
    next: 'look at the gateway',
    measure: async (_, { fromMs, toMs }) => ({ value: toMs - fromMs > 30_000 ? 1 : 0, note: 'by length' }),
  };

  it('is judged once, over the whole interval', async () => {
    const short = await judgeInvariant(invariant, fakeContext(), { fromMs: 0, toMs: 10_000 });
    expect(short).toMatchObject({
      verdict: 'passed',
      phase: 'invariant',
      withinSeconds: 10,
      note: 'by length',
    });
    const long = await judgeInvariant(invariant, fakeContext(), { fromMs: 0, toMs: 60_000 });
    expect(long).toMatchObject({ verdict: 'failed', observed: '1', ms: 0 });
  });

  it('is an error when it cannot be measured', async () => {
    const blind = { ...invariant, measure: async () => Number.POSITIVE_INFINITY };
    expect(await judgeInvariant(blind, fakeContext(), { fromMs: 0, toMs: 1 })).toMatchObject({
      verdict: 'error',
      note: 'the query returned Infinity',
    });
  });
});
