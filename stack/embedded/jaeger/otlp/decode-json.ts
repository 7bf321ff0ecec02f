import type {
  Attribute,
  AttributeValue,
  Resource,
  Scope,
  Span,
  SpanEvent,
  SpanKind,
  SpanLink,
  StatusCode,
} from '../model/span.ts';
import { InvalidPayload, maximumValueDepth } from './payload.ts';

type JsonObject = Record<string, unknown>;

/**
 * Reads the JSON form of OTLP (proto3 JSON, IDs in hex; both lowerCamelCase and snake_case names, as the
 * collector takes them). Unknown fields are ignored, as the specification asks.
 *
 * @throws InvalidPayload naming the field that is wrong
 */
export function decodeTracesJson(text: string): Span[] {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (error) {
    throw new InvalidPayload(`invalid JSON: ${(error as Error).message}`);
  }
  const spans: Span[] = [];
  for (const resourceSpans of list(object(root, 'request'), 'resourceSpans')) {
    const raw = object(field(resourceSpans, 'resource') ?? {}, 'resource');
    const resource: Resource = {
      attributes: attributes(raw),
      droppedAttributesCount: count(raw, 'droppedAttributesCount'),
      schemaUrl: string(resourceSpans, 'schemaUrl'),
    };
    for (const scopeSpans of list(resourceSpans, 'scopeSpans')) {
      const rawScope = object(field(scopeSpans, 'scope') ?? {}, 'scope');
      const scope: Scope = {
        name: string(rawScope, 'name'),
        version: string(rawScope, 'version'),
        attributes: attributes(rawScope),
        droppedAttributesCount: count(rawScope, 'droppedAttributesCount'),
        schemaUrl: string(scopeSpans, 'schemaUrl'),
      };
      for (const span of list(scopeSpans, 'spans')) spans.push(readSpan(span, resource, scope));
    }
  }
  return spans;
}

function readSpan(raw: JsonObject, resource: Resource, scope: Scope): Span {
  const status = object(field(raw, 'status') ?? {}, 'status');
  const parentSpanId = id(raw, 'parentSpanId', 8);
  return {
    traceId: id(raw, 'traceId', 16),
    spanId: id(raw, 'spanId', 8),
    parentSpanId: parentSpanId === '0000000000000000' ? '' : parentSpanId,
    traceState: string(raw, 'traceState'),
    flags: count(raw, 'flags'),
    name: string(raw, 'name'),
    kind: enumeration(raw, 'kind', spanKinds) as SpanKind,
    startTimeUnixNano: time(raw, 'startTimeUnixNano'),
    endTimeUnixNano: time(raw, 'endTimeUnixNano'),
    attributes: attributes(raw),
    droppedAttributesCount: count(raw, 'droppedAttributesCount'),
    events: list(raw, 'events').map(readEvent),
    droppedEventsCount: count(raw, 'droppedEventsCount'),
    links: list(raw, 'links').map(readLink),
    droppedLinksCount: count(raw, 'droppedLinksCount'),
    statusCode: enumeration(status, 'code', statusCodes) as StatusCode,
    statusMessage: string(status, 'message'),
    resource,
    scope,
  };
}

const spanKinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map(
  (kind) => `SPAN_KIND_${kind}`,
);
const statusCodes = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'];

function readEvent(raw: JsonObject): SpanEvent {
  return {
    timeUnixNano: time(raw, 'timeUnixNano'),
    name: string(raw, 'name'),
    attributes: attributes(raw),
    droppedAttributesCount: count(raw, 'droppedAttributesCount'),
  };
}

function readLink(raw: JsonObject): SpanLink {
  return {
    traceId: id(raw, 'traceId', 16),
    spanId: id(raw, 'spanId', 8),
    traceState: string(raw, 'traceState'),
    attributes: attributes(raw),
    droppedAttributesCount: count(raw, 'droppedAttributesCount'),
    flags: count(raw, 'flags'),
  };
}

function attributes(raw: JsonObject): Attribute[] {
  return list(raw, 'attributes').map((entry) => readAttribute(entry, 0));
}

function readAttribute(raw: JsonObject, depth: number): Attribute {
  return { key: string(raw, 'key'), value: readValue(field(raw, 'value'), depth + 1) };
}

function readValue(raw: unknown, depth: number): AttributeValue {
  if (raw === undefined || raw === null) return null;
  if (depth > maximumValueDepth) {
    throw new InvalidPayload(`attribute values are nested deeper than ${maximumValueDepth} levels`);
  }
  const value = object(raw, 'value');
  const text = field(value, 'stringValue');
  if (typeof text === 'string') return text;
  const bool = field(value, 'boolValue');
  if (typeof bool === 'boolean') return bool;
  const int = field(value, 'intValue');
  if (int !== undefined && int !== null) return BigInt.asIntN(64, integer(int, 'intValue'));
  const double = field(value, 'doubleValue');
  if (double !== undefined && double !== null) return readDouble(double);
  const array = field(value, 'arrayValue');
  if (array !== undefined && array !== null) {
    return list(object(array, 'arrayValue'), 'values').map((item) => readValue(item, depth + 1));
  }
  const map = field(value, 'kvlistValue');
  if (map !== undefined && map !== null) {
    return {
      entries: list(object(map, 'kvlistValue'), 'values').map((entry) => readAttribute(entry, depth + 1)),
    };
  }
  const bytes = field(value, 'bytesValue');
  if (typeof bytes === 'string') {
    if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(bytes)) throw new InvalidPayload('bytesValue: illegal base64 data');
    return Uint8Array.from(Buffer.from(bytes, 'base64'));
  }
  return null;
}

function readDouble(raw: unknown): number {
  if (typeof raw === 'number') return raw;
  if (raw === 'NaN') return Number.NaN;
  if (raw === 'Infinity') return Number.POSITIVE_INFINITY;
  if (raw === '-Infinity') return Number.NEGATIVE_INFINITY;
  const value = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : Number.NaN;
  if (Number.isNaN(value)) throw new InvalidPayload(`doubleValue: cannot read ${clip(raw)} as a number`);
  return value;
}

function field(raw: JsonObject, name: string): unknown {
  const value = raw[name];
  if (value !== undefined) return value;
  return raw[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

function object(raw: unknown, name: string): JsonObject {
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return raw as JsonObject;
  throw new InvalidPayload(`${name}: expected an object, got ${clip(raw)}`);
}

function list(raw: JsonObject, name: string): JsonObject[] {
  const value = field(raw, name);
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new InvalidPayload(`${name}: expected an array, got ${clip(value)}`);
  return value.map((item) => object(item, name));
}

function string(raw: JsonObject, name: string): string {
  const value = field(raw, name);
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new InvalidPayload(`${name}: expected a string, got ${clip(value)}`);
  return value;
}

function id(raw: JsonObject, name: string, bytes: number): string {
  const value = string(raw, name);
  if (value === '') return '';
  if (!/^[0-9a-fA-F]*$/.test(value)) throw new InvalidPayload(`${name}: ${clip(value)} is not hexadecimal`);
  if (value.length !== bytes * 2) {
    throw new InvalidPayload(
      `${name}: invalid length for ${bytes === 16 ? 'TraceID' : 'SpanID'}: ${clip(value)}`,
    );
  }
  return value.toLowerCase();
}

function integer(raw: unknown, name: string): bigint {
  if (typeof raw === 'string' && /^-?\d{1,20}$/.test(raw)) return BigInt(raw);
  if (typeof raw === 'number' && Number.isInteger(raw)) return BigInt(raw);
  throw new InvalidPayload(`${name}: expected an integer, got ${clip(raw)}`);
}

function time(raw: JsonObject, name: string): bigint {
  const value = field(raw, name);
  if (value === undefined || value === null) return 0n;
  const nanos = integer(value, name);
  if (nanos < 0n || nanos >= 1n << 64n) throw new InvalidPayload(`${name}: ${nanos} is out of range`);
  return nanos;
}

function count(raw: JsonObject, name: string): number {
  const value = field(raw, name);
  if (value === undefined || value === null) return 0;
  return Number(BigInt.asUintN(32, integer(value, name)));
}

function enumeration(raw: JsonObject, name: string, names: readonly string[]): number {
  const value = field(raw, name);
  if (value === undefined || value === null) return 0;
  if (typeof value === 'string') {
    const index = names.indexOf(value);
    if (index < 0) throw new InvalidPayload(`${name}: unknown value ${clip(value)}`);
    return index;
  }
  const index = Number(integer(value, name));
  return index >= 0 && index < names.length ? index : 0;
}

function clip(raw: unknown): string {
  const text = JSON.stringify(raw) ?? String(raw);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
