import type { Pace } from '../../../stack/pace.ts';
import { faultKind } from '../../faults/catalogue.ts';
import type { FaultSpec } from '../../faults/fault.ts';
import { describeFault } from '../../faults/heal.ts';
import { type Act, type Exercise, faultsOf } from '../model/model.ts';
import type { Outcome, ProofCell, Succession } from '../report/report.ts';
import type { ActSessionOptions } from './act-session.ts';
import { Lifecycle, type LifecycleEvents } from './lifecycle.ts';
import { excuseStarvation, type MachineSample } from './starvation.ts';

interface Substitute {
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

/** Gives an act a foreign break and asks its evidence. The lab is healed before this returns or throws. */
export async function proveCell(
  exercise: Exercise,
  act: Act,
  substitute: Substitute,
  options: ActSessionOptions,
  events: LifecycleEvents,
  machine: { readonly samples: readonly MachineSample[] },
): Promise<ProofCell> {
  const cell = { exercise: exercise.id, act: act.id, given: substitute.given };
  const alone: Exercise = { ...exercise, acts: [act] };
  const lifecycle = Lifecycle.begin(
    alone,
    { ...options, substitute: () => substitute.faults },
    {
      save: () => {},
      events: { onPhase: events.onPhase },
      review: (result) => excuseStarvation(result, machine.samples, options.lab.pace.rateWindowSeconds),
    },
  );
  const cannot = (problem: string): ProofCell => ({
    ...cell,
    outcome: 'error',
    toldApartBy: [],
    fooled: [],
    problem,
  });
  try {
    if (!(await lifecycle.steady()).held) return cannot('the baseline did not hold');
    await lifecycle.break();
    const { results } = await lifecycle.observe();
    const toldApartBy = results.filter((one) => one.verdict === 'failed').map((one) => one.id);
    const fooled = results.filter((one) => one.verdict === 'passed').map((one) => one.id);
    if (toldApartBy.length > 0) return { ...cell, outcome: 'passed', toldApartBy, fooled };
    if (fooled.length === results.length) return { ...cell, outcome: 'failed', toldApartBy, fooled };
    return { ...cannot('nothing was measured failing'), fooled };
  } catch (error) {
    options.signal.throwIfAborted();
    return cannot(error instanceof Error ? error.message : String(error));
  } finally {
    await options.traffic.stop();
    await lifecycle.session.healAll();
  }
}
