import type { Span } from '../model/span.ts';

/** A span under adjustment: a copy, so that what is stored stays as it came. */
export type MutableSpan = { -readonly [Key in keyof Span]: Span[Key] } & { warnings: string[] };
