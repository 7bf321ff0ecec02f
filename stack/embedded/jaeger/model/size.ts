import type { Attribute, AttributeValue, Resource, Scope } from '../../otlp/value.ts';
import type { Span } from './span.ts';
import { isKeyValueList } from './value.ts';

/**
 * Bytes a span holds in this process, estimated from above: V8's fixed cost of the objects plus its strings.
 * Measured against heap growth in `storage/trace-store.test.ts`.
 */
export function spanSizeBytes(span: Span): number {
  let size = 420 + text(span.name) + text(span.statusMessage) + text(span.traceState);
  size += attributesSize(span.attributes);
  for (const event of span.events) size += 120 + text(event.name) + attributesSize(event.attributes);
  for (const link of span.links) size += 220 + text(link.traceState) + attributesSize(link.attributes);
  return size;
}

/** What a resource or a scope costs; shared by the spans of one batch, so it is counted once a batch and trace. */
export function sharedSizeBytes(shared: Resource | Scope): number {
  return 120 + attributesSize(shared.attributes);
}

function attributesSize(attributes: readonly Attribute[]): number {
  let size = 0;
  for (const attribute of attributes) size += 56 + text(attribute.key) + valueSize(attribute.value);
  return size;
}

function valueSize(value: AttributeValue): number {
  if (typeof value === 'string') return text(value);
  if (typeof value === 'object' && value !== null) {
    if (value instanceof Uint8Array) return 100 + value.byteLength;
    if (isKeyValueList(value)) return 32 + attributesSize(value.entries);
    let size = 32;
    for (const item of value) size += 8 + valueSize(item);
    return size;
  }
  return 24;
}

function text(value: string): number {
  return value.length === 0 ? 0 : 24 + value.length;
}
