import { z } from 'zod';

/** Ends a fault's effect and frees what it holds; called once. */
export type EndFault = () => void | Promise<void>;

/** One way in which a service can be broken on purpose. */
export interface FaultKind {
  readonly kind: string;
  readonly params: z.ZodObject;
  /** Begins the effect. */
  start(params: Record<string, unknown>): EndFault;
}

/** Declares a kind: its parameters with their ranges, and what makes the effect real. */
export function defineFault<Shape extends z.ZodRawShape>(
  kind: string,
  shape: Shape,
  start: (params: z.infer<z.ZodObject<Shape>>) => EndFault,
): FaultKind {
  return { kind, params: z.strictObject(shape), start: start as FaultKind['start'] };
}

export const delayMsSchema = z.number().int().min(1).max(60_000);
export const probabilitySchema = z.number().min(0).max(1);
