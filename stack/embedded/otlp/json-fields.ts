import { InvalidPayload, maximumValueDepth } from './payload.ts';
import type { Attribute, AttributeValue } from './value.ts';

// The fields of OTLP's JSON form (proto3 JSON, IDs in hex; both lowerCamelCase and snake_case names, as the collector
// takes them), for spans and log records alike. Unknown fields are ignored, as the specification asks. Each reader throws
// InvalidPayload naming the field that is wrong.

export type JsonObject = Record<string, unknown>;

/** The document itself. */
export function parseDocument(text: string): JsonObject {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (error) {
    throw new InvalidPayload(`invalid JSON: ${(error as Error).message}`);
  }
  return object(root, 'request');
}

export function attributes(raw: JsonObject): Attribute[] {
  return list(raw, 'attributes').map((entry) => readAttribute(entry, 0));
}

function readAttribute(raw: JsonObject, depth: number): Attribute {
  return { key: string(raw, 'key'), value: readValue(field(raw, 'value'), depth + 1) };
}

export function readValue(raw: unknown, depth = 1): AttributeValue {
  if (raw === undefined || raw === null) return null;
  if (depth > maximumValueDepth) {
    throw new InvalidPayload(`attribute values are nested deeper than ${maximumValueDepth} levels`);
  }
  const value = object(raw, 'value');
  if (isGiven(field(value, 'stringValue'))) return string(value, 'stringValue');
  const bool = field(value, 'boolValue');
  if (typeof bool === 'boolean') return bool;
  if (isGiven(bool)) throw new InvalidPayload(`boolValue: expected true or false, got ${clip(bool)}`);
  const int = field(value, 'intValue');
  if (isGiven(int)) return BigInt.asIntN(64, integer(int, 'intValue'));
  const double = field(value, 'doubleValue');
  if (isGiven(double)) return readDouble(double);
  const array = field(value, 'arrayValue');
  if (isGiven(array)) {
    return list(object(array, 'arrayValue'), 'values').map((item) => readValue(item, depth + 1));
  }
  const map = field(value, 'kvlistValue');
  if (isGiven(map)) {
    return {
      entries: list(object(map, 'kvlistValue'), 'values').map((entry) => readAttribute(entry, depth + 1)),
    };
  }
  const bytes = field(value, 'bytesValue');
  if (typeof bytes === 'string') {
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(bytes))
      throw new InvalidPayload('bytesValue: illegal base64 data');
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

/** null is as good as nothing in proto3 JSON. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

export function field(raw: JsonObject, name: string): unknown {
  const value = raw[name];
  if (value !== undefined) return value;
  return raw[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

export function object(raw: unknown, name: string): JsonObject {
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return raw as JsonObject;
  throw new InvalidPayload(`${name}: expected an object, got ${clip(raw)}`);
}

export function list(raw: JsonObject, name: string): JsonObject[] {
  const value = field(raw, name);
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new InvalidPayload(`${name}: expected an array, got ${clip(value)}`);
  // An element that is null is an empty one.
  return value.map((item) => object(item ?? {}, name));
}

export function string(raw: JsonObject, name: string): string {
  const value = field(raw, name);
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new InvalidPayload(`${name}: expected a string, got ${clip(value)}`);
  return value;
}

export function id(raw: JsonObject, name: string, bytes: number): string {
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
  // By its digits: a time in nanoseconds as a JSON number has more of them than a double can tell apart.
  if (typeof raw === 'number' && Number.isInteger(raw))
    return BigInt(/^-?\d+$/.test(`${raw}`) ? `${raw}` : raw);
  throw new InvalidPayload(`${name}: expected an integer, got ${clip(raw)}`);
}

export function time(raw: JsonObject, name: string): bigint {
  const value = field(raw, name);
  if (value === undefined || value === null) return 0n;
  const nanos = integer(value, name);
  if (nanos < 0n || nanos >= 1n << 64n) throw new InvalidPayload(`${name}: ${nanos} is out of range`);
  return nanos;
}

export function count(raw: JsonObject, name: string): number {
  const value = field(raw, name);
  if (value === undefined || value === null) return 0;
  return Number(BigInt.asUintN(32, integer(value, name)));
}

/** `keepUnknown`: a number that has no name stays; otherwise it is the first, which says that nothing is known. */
export function enumeration(
  raw: JsonObject,
  name: string,
  names: readonly string[],
  { keepUnknown = false } = {},
): number {
  const value = field(raw, name);
  if (value === undefined || value === null) return 0;
  if (typeof value === 'string') {
    const index = names.indexOf(value);
    if (index < 0) throw new InvalidPayload(`${name}: unknown value ${clip(value)}`);
    return index;
  }
  const index = Number(integer(value, name));
  return keepUnknown || (index >= 0 && index < names.length) ? index : 0;
}

function clip(raw: unknown): string {
  const text = JSON.stringify(raw) ?? String(raw);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
