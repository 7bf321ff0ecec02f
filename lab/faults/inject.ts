import { FaultDidNotTake } from '../errors.ts';
import { assertCapable, faultKind } from './catalogue.ts';
import type { FaultContext, FaultSpec } from './fault.ts';
import { type FaultJournal, type FaultOwner, faultId, type JournalEntry } from './journal.ts';

export interface InjectOptions {
  readonly ttlMs: number;
  readonly owner: FaultOwner;
  /**
   * Internal test switch (`LAB_TEST_DISABLE_FAULT=1`): journal the fault and inject nothing, to prove that a run
   * without its fault fails in its checks.
   */
  readonly disabled?: boolean;
  readonly now?: () => number;
}

/**
 * Injects a fault: journalled first, then injected, then the target is asked whether it took. A fault that did not
 * take is an error, and its entry stays until `heal` has seen the target without it.
 */
export async function injectFault(
  context: FaultContext,
  journal: FaultJournal,
  spec: FaultSpec,
  options: InjectOptions,
): Promise<JournalEntry> {
  const kind = faultKind(spec.kind);
  assertCapable(context.lab, spec);
  context.signal?.throwIfAborted();
  const now = options.now ?? Date.now;
  const injectedAt = now();
  const entry: JournalEntry = {
    id: faultId(spec),
    kind: spec.kind,
    target: spec.target,
    params: { ...spec.params },
    owner: options.owner,
    injectedAt: new Date(injectedAt).toISOString(),
    expiresAt: new Date(injectedAt + options.ttlMs).toISOString(),
  };
  journal.put(entry);
  if (options.disabled === true) return entry;
  try {
    await kind.inject(context, spec.target, spec.params, options.ttlMs);
  } catch (error) {
    if (kind.allOrNothing === true && !(await kind.isActive(context, spec.target, spec.params)))
      journal.remove(entry.id);
    throw error;
  }
  if (!(await kind.isActive(context, spec.target, spec.params))) {
    throw new FaultDidNotTake(kind.describe(spec.target, spec.params), spec.target);
  }
  return entry;
}

/** Gives active faults that would end by themselves another full time to live. */
export async function renewFaults(
  context: FaultContext,
  journal: FaultJournal,
  ttlMs: number,
  owned: (owner: FaultOwner) => boolean,
  now: () => number = Date.now,
): Promise<void> {
  for (const entry of journal.read().faults) {
    if (!owned(entry.owner)) continue;
    const kind = faultKind(entry.kind);
    if (!kind.endsByItself) continue;
    // One that is gone stays gone: renewing must not break what a person has just repaired.
    if (!(await kind.isActive(context, entry.target, entry.params))) continue;
    journal.put({ ...entry, expiresAt: new Date(now() + ttlMs).toISOString() });
    await kind.inject(context, entry.target, entry.params, ttlMs);
  }
}
