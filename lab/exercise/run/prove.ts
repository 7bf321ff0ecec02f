import type { Pace } from '../../../stack/pace.ts';
import { faultKind } from '../../faults/catalogue.ts';
import type { FaultSpec } from '../../faults/fault.ts';
import { describeFault } from '../../faults/heal.ts';
import { type Act, type Exercise, faultsOf } from '../model/model.ts';
import type { Outcome, ProofCell, Succession } from '../report/report.ts';
import type { ActSessionOptions } from './act-session.ts';
import { Lifecycle } from './lifecycle.ts';
import { type CheckResult, pollInterval } from './run-check.ts';
import { excuseStarvation, type MachineSample } from './starvation.ts';

export interface Substitute {
  readonly given: string;
  readonly faults: readonly FaultSpec[];
}

/** What each act is tried with besides its own fault: nothing, its fault elsewhere, and the other acts' faults. */
export function substitutesFor(act: Act, others: readonly Act[], pace: Pace): Substitute[] {
  const faults = faultsOf(act, pace);
  const elsewhere = faults.map((spec) => {
    const taken = new Set(faults.map((one) => one.target));
    const target = faultKind(spec.kind).targets.find(
      (one) => !taken.has(one) && one.startsWith(spec.target.replace(/\d+$/, '')),
    );
    return target === undefined ? undefined : { ...spec, target };
  });
  const whole = elsewhere.every((spec) => spec !== undefined) ? (elsewhere as FaultSpec[]) : undefined;
  const own = JSON.stringify(faults);
  return [
    { given: 'no fault', faults: [] },
    ...(whole === undefined ? [] : [{ given: whole.map(describeFault).join('; '), faults: whole }]),
    ...others
      .map((other) => faultsOf(other, pace))
      .filter((foreign) => JSON.stringify(foreign) !== own)
      .map((foreign) => ({ given: foreign.map(describeFault).join('; '), faults: foreign })),
  ];
}

/** Sends the load of an exercise and asks its baseline, on a lab that another exercise has just left. */
export async function proveNext(
  after: Exercise,
  next: Exercise,
  options: ActSessionOptions,
  machine: { readonly samples: readonly MachineSample[] },
): Promise<Succession> {
  const { clock, traffic, signal, lab } = options;
  const startedAtMs = clock.now();
  const lifecycle = Lifecycle.begin(next, options, {
    save: () => {},
    events: {},
    review: (result) => excuseStarvation(result, machine.samples, lab.pace.rateWindowSeconds),
  });
  const succession = (outcome: Outcome, problem?: string): Succession => ({
    exercise: next.id,
    after: after.id,
    outcome,
    ms: Math.round(clock.now() - startedAtMs),
    problem,
  });
  try {
    const { results, held } = await lifecycle.steady();
    if (held) return succession('passed');
    const missing = results.filter((one) => one.verdict !== 'passed');
    return succession(
      missing.some((one) => one.verdict === 'failed') ? 'failed' : 'error',
      `its baseline does not hold: ${missing.map((one) => `${one.id} (${one.observed ?? one.note})`).join(', ')}`,
    );
  } catch (error) {
    signal.throwIfAborted();
    return succession('error', error instanceof Error ? error.message : String(error));
  } finally {
    await traffic.stop();
  }
}

/** An act whose evidence is asked. */
export interface Reader {
  readonly exercise: Exercise;
  readonly act: Act;
}

/** One break, and the acts that must not take it for their own. */
export interface Column extends Substitute {
  readonly readers: readonly Reader[];
}

/**
 * Every break that some act is to be tried with, each once: acts under the same load are asked about it side by side, or
 * the proof of all exercises would take hours. `others`: acts whose faults are tried as well, and that are not asked.
 */
export function columnsFor(readers: readonly Reader[], others: readonly Act[], pace: Pace): Column[] {
  const columns = new Map<string, Substitute & { readonly readers: Reader[] }>();
  const acts = [...others, ...readers.map(({ act }) => act)];
  for (const reader of readers) {
    const foreign = acts.filter((one) => one !== reader.act);
    for (const substitute of substitutesFor(reader.act, foreign, pace)) {
      const key = JSON.stringify([reader.act.load, substitute.faults]);
      const column = columns.get(key) ?? { ...substitute, readers: [] };
      columns.set(key, column);
      if (!column.readers.includes(reader)) column.readers.push(reader);
    }
  }
  return [...columns.values()];
}

/** How often the backends are asked, however many acts look: a hundred checks twice a second starve two cores. */
const checksPerSecond = 40;

/** Breaks the lab once, and asks the evidence of every act of the column. The lab is healed before this returns or throws. */
export async function proveColumn(
  column: Column,
  options: ActSessionOptions,
  machine: { readonly samples: readonly MachineSample[] },
): Promise<ProofCell[]> {
  const checks = column.readers.reduce((sum, { act }) => sum + act.observe.length, 0);
  const lifecycles = column.readers.map(({ exercise, act }) =>
    Lifecycle.begin(
      { ...exercise, acts: [act] },
      { ...options, substitute: () => column.faults },
      {
        save: () => {},
        events: {},
        review: (result) => excuseStarvation(result, machine.samples, options.lab.pace.rateWindowSeconds),
        pollMs: Math.max(pollInterval(options.lab.pace), (1000 * checks) / checksPerSecond),
      },
    ),
  );
  const cell = (lifecycle: Lifecycle, told: Pick<ProofCell, 'outcome'> & Partial<ProofCell>): ProofCell => ({
    exercise: lifecycle.exercise.id,
    act: lifecycle.act.id,
    given: column.given,
    toldApartBy: [],
    fooled: [],
    ...told,
  });
  const [first, ...rest] = lifecycles;
  if (first === undefined) return [];
  try {
    // The first waits until the system is well; for the others it then is, but for what is theirs alone.
    const held = new Map([[first, (await first.steady()).held]]);
    await Promise.all(rest.map(async (one) => held.set(one, (await one.steady()).held)));
    await first.break();
    for (const one of rest) one.brokenBy(first);
    return await Promise.all(
      lifecycles.map(async (one) =>
        held.get(one) === true
          ? cell(one, judge((await one.observe()).results))
          : cell(one, { outcome: 'error', problem: 'the baseline did not hold' }),
      ),
    );
  } catch (error) {
    options.signal.throwIfAborted();
    const problem = error instanceof Error ? error.message : String(error);
    return lifecycles.map((one) => cell(one, { outcome: 'error', problem }));
  } finally {
    await options.traffic.stop();
    await first.session.healAll();
  }
}

/** A foreign break has to fail at least one check; what could not be measured tells nothing apart. */
function judge(results: readonly CheckResult[]): Pick<ProofCell, 'outcome'> & Partial<ProofCell> {
  const having = (verdict: CheckResult['verdict']): string[] =>
    results.filter((one) => one.verdict === verdict).map(({ id }) => id);
  const [toldApartBy, fooled] = [having('failed'), having('passed')];
  if (toldApartBy.length > 0) return { outcome: 'passed', toldApartBy, fooled };
  if (fooled.length === results.length) return { outcome: 'failed', fooled };
  return { outcome: 'error', fooled, problem: 'nothing was measured failing' };
}
