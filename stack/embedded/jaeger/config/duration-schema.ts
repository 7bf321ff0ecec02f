import { z } from 'zod';
import { parseGoDuration } from '../../duration/go-duration.ts';

/** A Go duration (`10s`, `1m30s`) as milliseconds. */
export const durationMs = z.union([z.string(), z.number()]).transform((raw, context) => {
  try {
    // The collector reads a bare number as nanoseconds.
    const milliseconds = typeof raw === 'number' ? raw / 1e6 : parseGoDuration(raw);
    if (milliseconds >= 0) return milliseconds;
    context.addIssue({ code: 'custom', message: `duration ${raw} must not be negative` });
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
  return z.NEVER;
});
