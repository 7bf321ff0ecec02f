import type { Attribute, Resource, Scope } from '../../otlp/value.ts';
import type { MutableSpan } from './mutable-span.ts';

/** Attributes by key, events by time: a stable order for people, and what makes duplicates recognisable. */
export function sortCollections(spans: readonly MutableSpan[]): void {
  const resources = new Map<Resource, Resource>();
  const scopes = new Map<Scope, Scope>();
  for (const span of spans) {
    span.resource = once(resources, span.resource);
    span.scope = once(scopes, span.scope);
    span.attributes = byKey(span.attributes);
    span.events = [...span.events]
      .sort((a, b) => (a.timeUnixNano < b.timeUnixNano ? -1 : a.timeUnixNano > b.timeUnixNano ? 1 : 0))
      .map((event) => ({ ...event, attributes: byKey(event.attributes) }));
    span.links = span.links.map((link) => ({ ...link, attributes: byKey(link.attributes) }));
  }
}

function once<T extends Resource | Scope>(known: Map<T, T>, original: T): T {
  let sorted = known.get(original);
  if (sorted === undefined) {
    sorted = { ...original, attributes: byKey(original.attributes) };
    known.set(original, sorted);
  }
  return sorted;
}

function byKey(attributes: readonly Attribute[]): readonly Attribute[] {
  return [...attributes].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}
