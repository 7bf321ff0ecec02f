import type { Span } from '../model/span.ts';
import { correctClockSkew } from './clock-skew.ts';
import { deduplicateSpans } from './duplicate-spans.ts';
import { normalizeIpAttributes } from './ip-attributes.ts';
import { moveLibraryAttributes } from './library-attributes.ts';
import type { MutableSpan } from './mutable-span.ts';
import { separateSharedSpanIds } from './shared-span-ids.ts';
import { sortCollections } from './sort-collections.ts';

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
