import { legible } from '../ui/legible.ts';
import type { Finding } from './finding.ts';

/** A value that was read, or why it could not be. */
export type Measured<T> = { readonly value: T } | { readonly reason: string };

/** Reads something; a failure becomes its reason, so that what else can be measured still is. Ctrl-C is none. */
export async function measure<T>(read: () => Promise<T>, signal: AbortSignal): Promise<Measured<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    signal.throwIfAborted();
    return { reason: legible(error instanceof Error ? error.message : String(error)) };
  }
}

/** The findings of a value, or the one line that says why there is none. */
export function orUnknown<T>(
  subject: string,
  measured: Measured<T>,
  describe: (value: T) => readonly Finding[],
  next?: string,
): readonly Finding[] {
  return 'value' in measured
    ? describe(measured.value)
    : [unknown(subject, `could not be measured: ${measured.reason}`, next)];
}

export function unknown(subject: string, text: string, next?: string): Finding {
  return { subject, verdict: 'unknown', text, next };
}
