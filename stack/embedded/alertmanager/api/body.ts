import { type ApiError, openApiError, required } from './api-error.ts';
import { GoJsonError, jsonKind, parseGoJson } from './json.ts';

type Fields = Record<string, unknown>;

/** Reads a request's JSON; refusals are those of the generated server. */
export function parseBody(
  body: Buffer,
  name: 'alerts' | 'silence',
  contentType: string | undefined,
): unknown {
  if (body.length === 0) throw required(name);
  if (contentType !== undefined && !contentType.includes('/'))
    throw openApiError(
      400,
      `parsing Content-Type header from ${JSON.stringify(contentType)} failed, because mediatype: malformed: ${JSON.stringify(contentType)} has no subtype`,
    );
  const type = (contentType ?? 'application/octet-stream').split(';')[0]!.trim().toLowerCase();
  if (type !== 'application/json')
    throw openApiError(415, `unsupported media type "${type}", only [application/json] are allowed`);
  try {
    return parseGoJson(body.toString('utf8'));
  } catch (error) {
    if (!(error instanceof GoJsonError)) throw error;
    throw bodyError(name, error.message);
  }
}

export function bodyError(name: 'alerts' | 'silence', message: string): ApiError {
  return openApiError(400, `parsing ${name} body from "" failed, because ${message}`);
}

/** Reads typed fields of one struct, with encoding/json's complaint when a type is wrong. */
export class FieldReader {
  readonly #fields: Fields;
  readonly #name: 'alerts' | 'silence';
  readonly #path: string;
  /** Names in lower case, made once: a body may have any number of them. */
  #folded: ReadonlyMap<string, string> | undefined;

  constructor(fields: Fields, name: 'alerts' | 'silence', path: string) {
    this.#fields = fields;
    this.#name = name;
    this.#path = path;
  }

  /** Undefined when absent or null. */
  string(field: string): string | undefined {
    return this.#read(field, 'string', 'string') as string | undefined;
  }

  boolean(field: string): boolean | undefined {
    return this.#read(field, 'boolean', 'bool') as boolean | undefined;
  }

  #read(field: string, type: 'string' | 'boolean', goType: string): unknown {
    const value = this.get(field);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== type) throw this.mismatch(field, value, goType);
    return value;
  }

  /** A text that Go reads by a method of its own, which does not know the field's name. */
  uri(field: string): string | undefined {
    const value = this.get(field);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw this.#textMismatch(value);
    return value;
  }

  #textMismatch(value: unknown): ApiError {
    return bodyError(this.#name, `json: cannot unmarshal ${jsonKind(value)} into Go value of type string`);
  }

  /** A map of strings. */
  labels(field: string, owner: string): Record<string, string> | undefined {
    const value = this.get(field);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'object' || Array.isArray(value))
      throw bodyError(
        this.#name,
        `json: cannot unmarshal ${jsonKind(value)} into Go struct field ${owner}.${field} of type models.LabelSet`,
      );
    const labels: Record<string, string> = Object.create(null);
    for (const [label, item] of Object.entries(value)) {
      if (item !== null && typeof item !== 'string')
        throw bodyError(
          this.#name,
          `json: cannot unmarshal ${jsonKind(item)} into Go struct field ${owner}.${field}.${label} of type string`,
        );
      labels[label] = item ?? '';
    }
    return labels;
  }

  /** A moment in milliseconds; 0 when absent or the zero time. */
  time(field: string): number {
    const value = this.get(field);
    if (value === undefined || value === null) return 0;
    if (typeof value !== 'string') throw this.#textMismatch(value);
    return parseDateTime(value, (message) => bodyError(this.#name, message));
  }

  /** Field names are matched without regard to case when the exact one is absent, as in Go. */
  get(field: string): unknown {
    if (Object.hasOwn(this.#fields, field)) return this.#fields[field];
    this.#folded ??= foldNames(this.#fields);
    const other = this.#folded.get(field.toLowerCase());
    return other === undefined ? undefined : this.#fields[other];
  }

  mismatch(field: string, value: unknown, goType: string): ApiError {
    return bodyError(
      this.#name,
      `json: cannot unmarshal ${jsonKind(value)} into Go struct field ${this.#path}.${field} of type ${goType}`,
    );
  }
}

/** Lower-case names with the first field of each. */
function foldNames(fields: Fields): Map<string, string> {
  const names = new Map<string, string>();
  for (const name in fields) {
    const lower = name.toLowerCase();
    if (!names.has(lower)) names.set(lower, name);
  }
  return names;
}

const dateTime =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|z|[+-]\d\d:?\d\d)?)?$/;

/** The date formats that go-openapi's strfmt takes. */
export function parseDateTime(text: string, refuse: (message: string) => Error): number {
  if (text === '') return 0;
  const match = dateTime.exec(text);
  if (match !== null) {
    const [
      ,
      year = '',
      month = '',
      day = '',
      hour = '00',
      minute = '00',
      second = '00',
      fraction = '',
      zone = 'Z',
    ] = match;
    const offset = zone.toUpperCase() === 'Z' ? 'Z' : zone.replace(/^(...)(\d\d)$/, '$1:$2');
    const at = Date.parse(
      `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`,
    );
    if (!Number.isNaN(at)) return at <= -62_135_596_800_000 ? 0 : at;
  }
  throw refuse(`parsing time ${JSON.stringify(text)}${goDateComplaint(text)}`);
}

/** Where Go's time.Parse gives up on the last of the formats, `2006-01-02`. */
function goDateComplaint(text: string): string {
  const complain = (rest: string, element: string) =>
    ` as "2006-01-02": cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(element)}`;
  if (!/^\d{4}/.test(text)) return complain(text, '2006');
  if (text[4] !== '-') return complain(text.slice(4), '-');
  if (!/^\d\d/.test(text.slice(5))) return complain(text.slice(5), '01');
  if (Number(text.slice(5, 7)) < 1 || Number(text.slice(5, 7)) > 12) return ': month out of range';
  if (text[7] !== '-') return complain(text.slice(7), '-');
  if (!/^\d\d/.test(text.slice(8))) return complain(text.slice(8), '02');
  if (text.length > 10) return `: extra text: ${JSON.stringify(text.slice(10))}`;
  return ': day out of range';
}
