import { expect } from 'vitest';
import type { ActReport } from '../report/report.ts';
import { detectionTolerance } from '../run/detection.ts';

/** That a run proved these acts whole: both states of every check, all tasks, all decoys, and detection in time. */
export function expectProven(id: string, acts: readonly ActReport[]): void {
  expect(acts.length, id).toBeGreaterThan(0);
  for (const act of acts) {
    const about = `${id}, ${act.id}`;
    // As text: the list's own message says how many, not which.
    expect(act.problems.join('\n'), about).toBe('');
    const verdicts = (phase: string): Set<string> =>
      new Set(act.checks.filter((check) => check.phase === phase).map((check) => check.verdict));
    expect(verdicts('control'), about).toEqual(new Set(['failed']));
    expect(verdicts('observe'), about).toEqual(new Set(['passed']));
    expect(verdicts('recover-control'), about).toEqual(new Set(['failed']));
    expect(verdicts('recover'), about).toEqual(new Set(['passed']));
    expect(verdicts('invariant'), about).toEqual(new Set(['passed']));
    for (const proof of act.proofs) expect([proof.failedIn, proof.passedIn], proof.check).not.toContain(null);
    for (const task of act.tasks) {
      expect([task.wrongRejected, task.solverAccepted], `${about}, task ${task.id}`).toEqual([true, true]);
    }
    for (const decoy of act.decoys) expect(decoy.rejected, `${about}, decoy ${decoy.id}`).toBe(true);
    if (act.detection !== null) {
      expect(act.detection.actualMs, about).not.toBeNull();
      expect(act.detection.actualMs!, about).toBeLessThanOrEqual(detectionTolerance * act.detection.limitMs);
    }
    expect(act.traffic.requests, about).toBeGreaterThan(500);
  }
}
