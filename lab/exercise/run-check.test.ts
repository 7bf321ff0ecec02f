import { describe, expect, it } from 'vitest';
import { checkLine, controlLine } from './check-line.ts';
import { runCheck } from './run-check.ts';
import { checkReading, FakeClock, fakeContext } from './testing/fake-context.ts';

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

  it('takes the first measured verdict of a control, and waits for data', async () => {
    const result = await runCheck(checkReading([undefined, 41, 540]), 'control', fakeContext(), 'settle');
    expect(result).toMatchObject({ verdict: 'failed', observed: '41 ms', ms: 500 });
    expect(controlLine(result)).toBe('✓ p95 of api-1 exceeds 400 ms: not yet (observed 41 ms)');
  });

  it('waits for a decoy to be rejected', async () => {
    const result = await runCheck(checkReading([540, 540, 41]), 'observe', fakeContext(), 'reject');
    expect(result).toMatchObject({ verdict: 'failed', ms: 1000 });
  });

  it('reports an accepted decoy at the deadline', async () => {
    expect(await runCheck(checkReading([540]), 'observe', fakeContext(), 'reject')).toMatchObject({
      verdict: 'passed',
      ms: 30_000,
    });
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
    const result = await runCheck(checkReading([540]), 'control', fakeContext(), 'settle');
    expect(controlLine(result)).toMatch(
      /^✗ .*already so on the healthy system \(observed 540 ms\), so this check proves nothing/,
    );
  });
});
