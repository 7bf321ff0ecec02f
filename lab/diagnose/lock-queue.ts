export interface DatabaseSession {
  readonly pid: number;
  readonly state: string;
  /** In this state; of an active one, since its statement began. */
  readonly seconds: number;
  /** Since its transaction began; null outside of one. */
  readonly transactionSeconds: number | null;
  readonly waitsFor: string | null;
  readonly application: string;
  /** Its last statement; of another user's session without the right to see it, PostgreSQL's own words. */
  readonly statement: string;
}

/** A lock that is not granted, as pg_locks has it. */
export interface LockRow {
  readonly pid: number;
  /** Who holds it, and who waits for it in front. */
  readonly blockers: readonly number[];
  readonly mode: string;
  readonly what: string;
}

export interface Waiting {
  readonly session: DatabaseSession;
  /** `ShareLock on a transaction`, `AccessShareLock on notes`. */
  readonly wants: string;
  /** PIDs in front of it, those that wait as well among them. */
  readonly blockedBy: readonly number[];
  /** The sessions at the head of the queue: they hold what all wait for, and wait for no lock themselves. */
  readonly heads: readonly DatabaseSession[];
}

/** Who waits for whom. Sessions that ended between the two questions are left out. */
export function lockQueue(rows: readonly LockRow[], sessions: readonly DatabaseSession[]): Waiting[] {
  const byPid = new Map(sessions.map((one) => [one.pid, one]));
  const blockersOf = new Map(rows.map(({ pid, blockers }) => [pid, blockers]));
  const headsOf = (pid: number, seen: Set<number>): number[] => {
    if (seen.has(pid)) return [];
    seen.add(pid);
    const blockers = blockersOf.get(pid);
    return blockers === undefined ? [pid] : blockers.flatMap((one) => headsOf(one, seen));
  };
  return rows.flatMap(({ pid, blockers, mode, what }) => {
    const session = byPid.get(pid);
    if (session === undefined) return [];
    const heads = headsOf(pid, new Set()).flatMap((one) => byPid.get(one) ?? []);
    return [{ session, wants: `${mode} on ${what}`, blockedBy: [...new Set(blockers)], heads }];
  });
}
