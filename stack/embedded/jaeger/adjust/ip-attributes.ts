import type { Attribute, Resource } from '../../otlp/value.ts';
import type { MutableSpan } from './mutable-span.ts';

const ipKeys = new Set(['ip', 'peer.ipv4']);

/** Old clients send IPv4 addresses as 32-bit numbers; people want to read them. */
export function normalizeIpAttributes(spans: readonly MutableSpan[]): void {
  const resources = new Map<Resource, Resource>();
  for (const span of spans) {
    span.attributes = normalize(span.attributes);
    let resource = resources.get(span.resource);
    if (resource === undefined) {
      const attributes = normalize(span.resource.attributes);
      resource = attributes === span.resource.attributes ? span.resource : { ...span.resource, attributes };
      resources.set(span.resource, resource);
    }
    span.resource = resource;
  }
}

function normalize(attributes: readonly Attribute[]): readonly Attribute[] {
  if (!attributes.some(isNumericIp)) return attributes;
  return attributes.map((attribute) =>
    isNumericIp(attribute) ? { key: attribute.key, value: dotted(attribute.value) } : attribute,
  );
}

function isNumericIp(attribute: Attribute): attribute is { key: string; value: bigint | number } {
  const { key, value } = attribute;
  return (
    ipKeys.has(key) && (typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value)))
  );
}

function dotted(value: bigint | number): string {
  const bits = Number(BigInt.asUintN(32, typeof value === 'bigint' ? value : BigInt(Math.trunc(value))));
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}
