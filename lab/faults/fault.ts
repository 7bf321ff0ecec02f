import type { z } from 'zod';
import type { Capability, ComponentId, RunningLab } from '../runtime/runtime.ts';

/** What a fault works with: the running lab, and a signal that ends its requests. */
export interface FaultContext {
  readonly lab: RunningLab;
  readonly signal?: AbortSignal;
}

export type FaultParams = Readonly<Record<string, unknown>>;

/** One kind of fault. `inject` and `revert` are idempotent; `isActive` asks the target, never the lab's memory. */
export interface FaultKind<Params extends FaultParams = FaultParams> {
  readonly id: string;
  /** One sentence for people. */
  readonly summary: string;
  /** The components it can be injected into. */
  readonly targets: readonly ComponentId[];
  /** The target when none is given. */
  readonly defaultTarget: ComponentId;
  /** Strict, with ranges and defaults. */
  readonly params: z.ZodType<Params>;
  /** What the parameters are called and may be, for `--help`. */
  readonly paramsHelp: string;
  readonly capability?: Capability;
  /** Whether the target ends it by itself after the time to live. */
  readonly endsByItself: boolean;
  /** When `inject` throws, nothing has happened. */
  readonly allOrNothing?: boolean;
  describe(target: ComponentId, params: Params): string;
  inject(context: FaultContext, target: ComponentId, params: Params, ttlMs: number): Promise<void>;
  revert(context: FaultContext, target: ComponentId, params: Params): Promise<void>;
  isActive(context: FaultContext, target: ComponentId, params: Params): Promise<boolean>;
}

/** A fault that an exercise or a person asks for, with validated parameters. */
export interface FaultSpec {
  readonly kind: string;
  readonly target: ComponentId;
  readonly params: FaultParams;
}

/** Bounds of a fault's time to live. */
export { maxTtlMs, minTtlMs } from '../../services/contract/fault-parameters.ts';
