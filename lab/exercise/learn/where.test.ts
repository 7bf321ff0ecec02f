import { expect, it } from 'vitest';
import { actPhases, begin, beginAct, changeAct } from '../model/progress.ts';
import { watchable } from './where.ts';

it('says what can be watched while another terminal goes on', () => {
  const begun = begin('99-two-acts', 'first', '2026-01-01T00:00:00Z');
  const at = (phase: (typeof actPhases)[number]) => watchable(changeAct(begun, { phase }));
  expect(watchable(undefined)).toBe('reset');
  expect(actPhases.filter((phase) => at(phase) === 'starting')).toEqual(['begun', 'steady', 'control']);
  expect(actPhases.filter((phase) => at(phase) === 'checks')).toEqual(actPhases.slice(3));
  const second = beginAct(changeAct(begun, { phase: 'recovered' }), 'second', '2026-01-01T00:01:00Z');
  expect(watchable(second)).toBe('starting');
  expect(watchable({ ...second, doneAt: '2026-01-01T00:02:00Z' })).toBe('done');
});
