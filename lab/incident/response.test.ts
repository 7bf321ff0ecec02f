import { expect, it } from 'vitest';
import { paces } from '../../stack/pace.ts';
import { describeResponse, responseOf } from './response.ts';
import type { Severity } from './severity.ts';

/** After so many seconds with this severity. */
function told(
  seconds: number,
  severity: Severity,
  {
    pace = 'lab' as 'lab' | 'real',
    acknowledged = null as number | null,
    role = undefined as number | undefined,
    over = false,
  } = {},
): string {
  const at = (second: number): number => 1_000_000 + 1000 * second;
  const incident = { severity, gradedAtMs: at(0), assignedAtMs: role === undefined ? undefined : at(role) };
  const response = responseOf(
    incident,
    acknowledged === null ? null : at(acknowledged),
    paces[pace].secondsAMinute,
  );
  return describeResponse(response, at(seconds), over)[0]!.replace('Target of its severity: ', '');
}

it('counts down to the target of the severity, at both paces', () => {
  expect(told(6, 'SEV1')).toBe('9 s left until somebody works on it. Call the next person now.');
  expect(told(20, 'SEV2')).toBe('40 s left until somebody works on it. Call the next person in 10 s.');
  expect(told(20, 'SEV3')).toBe('4 min left until somebody works on it.');
  expect(told(360, 'SEV1', { pace: 'real' })).toMatch(/^9 min left until/);
  expect(told(1200, 'SEV2', { pace: 'real' })).toBe(
    '40 min left until somebody works on it. Call the next person in 10 min.',
  );
  expect(told(0, 'SEV4', { pace: 'real' })).toMatch(/^24 h left/);
});

it('says by how much it was missed', () => {
  expect(told(20, 'SEV1')).toMatch(/^missed 5 s ago, and nobody works on it. Call/);
  expect(told(90, 'SEV1', { acknowledged: 40, role: 45 })).toBe('missed by 25 s; somebody works on it.');
  expect(told(90, 'SEV1', { over: true })).toMatch(/^missed, by the records nobody/);
});

it.each([{ acknowledged: 4 }, { role: 15 }, { acknowledged: 40, role: -10 }])('is met by %o', (by) => {
  expect(told(90, 'SEV1', by)).toBe('met, somebody works on it.');
});
