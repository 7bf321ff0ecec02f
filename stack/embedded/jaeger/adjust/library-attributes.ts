import type { Resource } from '../../otlp/value.ts';
import { attributeOf } from '../model/span.ts';
import type { MutableSpan } from './mutable-span.ts';

const libraryKeys = new Set([
  'telemetry.sdk.language',
  'telemetry.sdk.name',
  'telemetry.sdk.version',
  'telemetry.distro.name',
  'telemetry.distro.version',
]);

/** Attributes of the instrumentation library belong to the process; some clients put them on spans. */
export function moveLibraryAttributes(spans: readonly MutableSpan[]): void {
  const moved = new Map<Resource, Resource>();
  for (const span of spans) {
    const resource = moved.get(span.resource) ?? span.resource;
    if (!span.attributes.some((attribute) => libraryKeys.has(attribute.key))) continue;
    let attributes = resource.attributes;
    span.attributes = span.attributes.filter((attribute) => {
      if (!libraryKeys.has(attribute.key)) return true;
      const existing = attributeOf(attributes, attribute.key);
      if (existing !== undefined && (typeof existing !== 'string' || existing !== attribute.value)) {
        span.warnings.push(`conflicting values between Span and Resource for attribute ${attribute.key}`);
        return true;
      }
      if (existing === undefined) attributes = [...attributes, attribute];
      return false;
    });
    if (attributes !== resource.attributes) moved.set(span.resource, { ...resource, attributes });
  }
  for (const span of spans) span.resource = moved.get(span.resource) ?? span.resource;
}
