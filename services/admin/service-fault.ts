import type { z } from 'zod';
import { type FaultValues, faultSchema, type ServiceFaultName } from '../contract/fault-parameters.ts';

/** Ends a fault's effect and frees what it holds; called once. */
export type EndFault = () => void | Promise<void>;

/** One way in which a service can be broken on purpose. */
export interface ServiceFault {
  readonly kind: string;
  readonly params: z.ZodType<Record<string, unknown>>;
  /** Begins the effect. */
  start(params: Record<string, unknown>): EndFault;
}

/** Makes a fault of the contract real; its parameters and their ranges are there. */
export function defineFault<Name extends ServiceFaultName>(
  kind: Name,
  start: (params: FaultValues<Name>) => EndFault,
): ServiceFault {
  return {
    kind,
    params: faultSchema(kind) as unknown as ServiceFault['params'],
    start: start as ServiceFault['start'],
  };
}
