import type { Span } from '../model/span.ts';
import { correctClockSkew } from './clock-skew.ts';
import { deduplicateSpans } from './duplicate-spans.ts';
import { normalizeIpAttributes } from './ip-attributes.ts';
import { moveLibraryAttributes } from './library-attributes.ts';
import { separateSharedSpanIds } from './shared-span-ids.ts';
import { sortCollections } from './sort-collections.ts';

/** A span under adjustment: a copy, so that what is stored stays as it came. */
export type MutableSpan = { -readonly [Key in keyof Span]: Span[Key] } & { warnings: string[] };

/**
 * What Jaeger's query service does to a trace before it shows it, in its order. The result shares nothing that an
 * adjuster changes with what is stored.
 */
export function adjustTrace(spans: readonly Span[], maxClockSkewMs: number): Span[] {
  let adjusted: MutableSpan[] = spans.map((span) => ({ ...span, warnings: [...(span.warnings ?? [])] }));
  separateSharedSpanIds(adjusted);
  sortCollections(adjusted);
  adjusted = deduplicateSpans(adjusted);
  correctClockSkew(adjusted, maxClockSkewMs);
  normalizeIpAttributes(adjusted);
  moveLibraryAttributes(adjusted);
  for (const span of adjusted) {
    if (span.links.some(isEmptyLink)) span.links = span.links.filter((link) => !isEmptyLink(link));
  }
  return adjusted;
}

function isEmptyLink(link: Span['links'][number]): boolean {
  return /^0*$/.test(link.traceId) && /^0*$/.test(link.spanId);
}
