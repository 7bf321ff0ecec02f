import type { AttributeValue, KeyValueList } from '../../otlp/value.ts';

export function isKeyValueList(value: AttributeValue): value is KeyValueList {
  return (
    typeof value === 'object' &&
    value !== null &&
    'entries' in value &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}

/** The text of a value as the collector prints it: what a tag search compares, and what the UI shows of maps and lists. */
export function valueAsString(value: AttributeValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return doubleAsString(value);
  if (value === null) return '';
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return goJson(value);
}

function doubleAsString(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/** Go's encoding/json: map keys sorted, `<`, `>` and `&` escaped. */
function goJson(value: AttributeValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return goJsonString(value);
  if (value instanceof Uint8Array) return goJsonString(Buffer.from(value).toString('base64'));
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`;
  if (isKeyValueList(value)) {
    const byKey = new Map(value.entries.map((entry) => [entry.key, entry.value]));
    const members = [...byKey.keys()]
      .sort()
      .map((key) => `${goJsonString(key)}:${goJson(byKey.get(key) ?? null)}`);
    return `{${members.join(',')}}`;
  }
  return valueAsString(value);
}

const htmlUnsafe = /[<>&\u2028\u2029]/g;

function goJsonString(text: string): string {
  return JSON.stringify(text).replace(
    htmlUnsafe,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
