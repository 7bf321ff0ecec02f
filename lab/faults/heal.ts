import { ObserveError } from '../observe/observe-error.ts';
import { patientSignal } from '../process/patience.ts';
import { faultCatalogue, faultKind } from './catalogue.ts';
import type { FaultContext, FaultSpec } from './fault.ts';
import { type FaultJournal, faultId, type JournalEntry } from './journal.ts';
import { FaultAdmin } from './service-fault.ts';

export interface HealOptions {
  /** Which journalled faults to revert; all when left out. */
  readonly which?: (entry: JournalEntry) => boolean;
  /** Ask every service for faults that the journal does not know, and revert those as well (default true). */
  readonly askTargets?: boolean;
  /** Each fault has a time of its own to be reverted in, longer on a busy machine, whatever the command's may be. */
  readonly deadlineMs?: number;
}

export interface HealedFault {
  readonly id: string;
  readonly description: string;
}

export interface HealReport {
  readonly reverted: readonly HealedFault[];
  readonly failed: readonly (HealedFault & { readonly reason: string })[];
}

const serviceTargets = ['gateway', 'api-1', 'api-2', 'api-3'] as const;
const defaultDeadlineMs = 20_000;

/**
 * Reverts faults: those of the journal, and those that a service says it carries. Every one is tried even when
 * another fails, Ctrl-C does not cancel it, and an entry leaves the journal only when its target was seen without it.
 */
export async function heal(
  lab: FaultContext['lab'],
  journal: FaultJournal,
  options: HealOptions = {},
): Promise<HealReport> {
  const reverted: HealedFault[] = [];
  const failed: (HealedFault & { reason: string })[] = [];
  const attempt = async (spec: FaultSpec, journalled: boolean): Promise<void> => {
    const fault = { id: faultId(spec), description: describeFault(spec) };
    const time = patientSignal(options.deadlineMs ?? defaultDeadlineMs);
    try {
      await patiently(time.signal, () => revertAndLook({ lab, signal: time.signal }, spec));
      if (journalled) journal.remove(fault.id);
      reverted.push(fault);
    } catch (error) {
      failed.push({ ...fault, reason: error instanceof Error ? error.message : String(error) });
    } finally {
      time.done();
    }
  };

  const { faults, corrupt } = journal.read();
  const chosen = faults.filter(options.which ?? (() => true));
  // Newest first, as undoing goes; one target after the other, so that a restart meets no half-reverted process.
  for (const entry of [...chosen].reverse()) await attempt(entry, true);
  if (options.askTargets !== false) {
    const kept = new Set(faults.filter((entry) => !chosen.includes(entry)).map((entry) => entry.id));
    for (const spec of await unknownFaults({ lab }, kept)) {
      if (failed.some((one) => one.id === faultId(spec))) continue;
      await attempt(spec, false);
    }
  }
  if (corrupt !== undefined && failed.length === 0) journal.clear();
  return { reverted, failed };
}

/**
 * What the targets carry that is not among `kept`: faults inside the services, and components that somebody else paused
 * (a debugger, a SIGSTOP). A service that does not answer carries none that could be asked.
 */
export async function unknownFaults(context: FaultContext, kept: ReadonlySet<string>): Promise<FaultSpec[]> {
  const paused = (await context.lab.status())
    .filter(({ state }) => state === 'paused')
    .map(({ id }): FaultSpec => ({ kind: 'pause', target: id, params: {} }));
  const found = await Promise.all(
    serviceTargets.map(async (target) => {
      try {
        const active = await new FaultAdmin(context.lab, target).list(context.signal);
        return active
          .filter(({ kind }) => faultCatalogue.some((one) => one.id === kind))
          .map(({ kind, params }) => ({ kind, target, params }));
      } catch {
        return [];
      }
    }),
  );
  return [...paused, ...found.flat()].filter((spec) => !kept.has(faultId(spec)));
}

/** A fault as a sentence, also when its parameters are from an older version. */
export function describeFault(spec: FaultSpec): string {
  try {
    return faultKind(spec.kind).describe(spec.target, spec.params);
  } catch {
    return `${spec.kind} on ${spec.target}`;
  }
}

async function revertAndLook(context: FaultContext & { readonly signal: AbortSignal }, spec: FaultSpec) {
  const kind = faultKind(spec.kind);
  await within(context.signal, kind.revert(context, spec.target, spec.params));
  if (await within(context.signal, kind.isActive(context, spec.target, spec.params)))
    throw new Error(`${spec.target} still has it`);
}

/** Again as long as the target only answers too slowly and there is time: reverting twice is reverting. */
async function patiently(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const slow = error instanceof ObserveError && error.failure === 'timeout';
      if (!slow || signal.aborted) throw error;
    }
  }
}

async function within<Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value> {
  if (signal.aborted) {
    work.catch(() => {});
    throw new Error('the deadline for reverting has passed');
  }
  let stop: (() => void) | undefined;
  const late = new Promise<never>((_, reject) => {
    stop = () => reject(new Error('the deadline for reverting has passed'));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}
