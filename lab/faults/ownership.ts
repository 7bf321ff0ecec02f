import { findProcess, isAlive } from '../process/identity.ts';
import type { FaultOwner, JournalEntry } from './journal.ts';

/** This process as the owner of a fault. */
export function ownedByThisProcess(): FaultOwner {
  return { kind: 'process', pid: process.pid, startTime: findProcess(process.pid)?.startTime ?? '' };
}

/**
 * Whether this fault is left over: its process has died, its exercise is no longer in the broken phase, or its
 * time is over. What a person broke by hand stays until it is healed.
 */
export function isLeftover(
  entry: Pick<JournalEntry, 'owner' | 'expiresAt'>,
  wantedExercises: ReadonlySet<string>,
  nowMs: number = Date.now(),
): boolean {
  if (Date.parse(entry.expiresAt) <= nowMs) return true;
  switch (entry.owner.kind) {
    case 'process':
      return !isAlive(entry.owner);
    case 'exercise':
      return !wantedExercises.has(entry.owner.id);
    case 'person':
      return false;
  }
}
