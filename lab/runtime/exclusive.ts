import { acquireLock } from '../state/lock.ts';
import type { LabSession } from './lab-session.ts';

/** Runs one change of the lab at a time, with the state as it is on disk at that moment. */
export type Exclusively = (work: () => Promise<void>) => Promise<void>;

/**
 * Changes of this process queue; those of other commands are kept out by the lab's lock, waited for at most
 * `waitMs`.
 */
export function exclusiveAccess(session: LabSession, waitMs: number): Exclusively {
  let queue: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const turn = queue.then(async () => {
      const lock = await acquireLock(session.paths.lockFile, {
        labName: session.state.name,
        command: process.argv.slice(2).join(' ') || 'lab',
        waitMs,
      });
      try {
        session.reload();
        await work();
      } finally {
        lock.release();
      }
    });
    queue = turn.catch(() => {});
    await turn;
  };
}
