/** Longer than most files: one reader whose kinds of values share the collection of errors and their lines. */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { parseGoDuration } from '../../duration/go-duration.ts';
import { parsePrometheusDuration } from '../../duration/prometheus-duration.ts';
import { compileRegexp } from '../../regexp/regexp.ts';

/** A configuration that Alertmanager refuses; the message is the real one's. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export type Scalar =
  | 'string'
  | 'bool'
  | 'int'
  | 'uint64'
  | 'int64'
  | 'duration'
  | 'goDuration'
  | 'textDuration'
  | 'url'
  | 'secretUrl'
  | 'templateUrl'
  | 'secret'
  | 'hostPort'
  | 'regexp'
  | 'any';
export interface Field {
  readonly name: string;
  readonly schema: Schema;
  /** Not written out when empty. */
  readonly omitEmpty: boolean;
}
export interface StructSchema {
  readonly kind: 'struct';
  /** The Go type that messages name. */
  readonly type: string;
  readonly fields: readonly Field[];
  /** Values of fields that the file does not mention. */
  readonly defaults: () => Record<string, unknown>;
  /** Checks that run once the whole struct could be read. */
  readonly validate: (value: Record<string, unknown>) => void;
}
export type Schema =
  | { readonly kind: 'scalar'; readonly type: Scalar }
  | { readonly kind: 'list'; readonly item: Schema; readonly itemType?: string }
  | { readonly kind: 'map'; readonly value: Schema }
  | { readonly kind: 'custom'; readonly decode: (decoder: Decoder, node: Node | null) => unknown }
  | StructSchema;

const maxNodes = 200_000;

/** Reads a YAML tree by a schema, strictly, collecting type errors with their lines as Go's yaml.v2 does. */
export class Decoder {
  readonly errors: string[] = [];
  readonly #document: Document;
  readonly #lines: LineCounter;
  #nodes = 0;

  constructor(document: Document, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  line(node: Node | null): number {
    return node?.range ? this.#lines.linePos(node.range[0]).line : 1;
  }

  decode(schema: Schema, raw: Node | null): unknown {
    this.#nodes++;
    if (this.#nodes > maxNodes) throw new ConfigError('yaml: document contains excessive aliasing');
    const node = this.resolve(raw);
    switch (schema.kind) {
      case 'custom':
        return schema.decode(this, node);
      case 'scalar':
        return this.#scalar(schema.type, node);
      case 'list': {
        if (isNull(node)) return undefined;
        if (!isSeq(node)) {
          this.mismatch(node, `[]${schema.itemType ?? goName(schema.item)}`);
          return undefined;
        }
        return node.items.map((item) => this.decode(schema.item, item as Node));
      }
      case 'map': {
        if (isNull(node)) return undefined;
        if (!isMap(node)) {
          this.mismatch(node, `map[string]${goName(schema.value)}`);
          return undefined;
        }
        const result: Record<string, unknown> = {};
        for (const { key, value } of node.items) {
          const name = String(isScalar(key) ? (key.source ?? key.value) : key);
          if (Object.hasOwn(result, name))
            this.errors.push(
              `line ${this.line(key as Node)}: key ${JSON.stringify(name)} already set in map`,
            );
          else define(result, name, this.decode(schema.value, value as Node | null));
        }
        return result;
      }
      case 'struct':
        return this.#struct(schema, node);
    }
  }

  #struct(schema: StructSchema, node: Node | null): Record<string, unknown> | undefined {
    if (isNull(node)) return undefined;
    const before = this.errors.length;
    if (!isMap(node)) {
      this.mismatch(node, schema.type);
      return undefined;
    }
    const result: Record<string, unknown> = schema.defaults();
    const seen = new Set<string>();
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      const field = schema.fields.find((candidate) => candidate.name === name);
      const line = this.line(key as Node);
      if (field === undefined)
        this.errors.push(`line ${line}: field ${name} not found in type ${schema.type}`);
      else if (seen.has(name))
        this.errors.push(`line ${line}: field ${name} already set in type ${schema.type}`);
      else {
        const decoded = this.decode(field.schema, value as Node | null);
        if (decoded !== undefined) result[name] = decoded;
      }
      seen.add(name);
    }
    if (this.errors.length === before) schema.validate(result);
    return result;
  }

  #scalar(type: Scalar, node: Node | null): unknown {
    if (type === 'any') return node === null ? null : node.toJS(this.#document, { maxAliasCount: 100 });
    if (isNull(node)) return undefined;
    if (!isScalar(node)) {
      this.mismatch(node, goScalar(type));
      return undefined;
    }
    const text = node.type === 'PLAIN' ? (node.source ?? String(node.value)) : String(node.value);
    switch (type) {
      case 'bool':
        if (typeof node.value === 'boolean') return node.value;
        this.mismatch(node, 'bool');
        return undefined;
      case 'int':
        if (typeof node.value === 'number' && Number.isInteger(node.value)) return node.value;
        this.mismatch(node, 'int');
        return undefined;
      case 'uint64':
      case 'int64':
        if (
          typeof node.value === 'number' &&
          Number.isInteger(node.value) &&
          (type === 'int64' || node.value >= 0)
        )
          return node.value;
        this.mismatch(node, type);
        return undefined;
      case 'textDuration':
        return rethrow(() => parseGoDuration(text));
      case 'templateUrl':
        // May hold template actions, which are carried out when it is used.
        if (text === '<secret>' || text.includes('{{')) return text;
        try {
          return checkUrl(text);
        } catch (error) {
          throw new ConfigError(`invalid URL: ${(error as Error).message}`, { cause: error });
        }
      case 'duration':
        return rethrow(() => {
          const unknown = /^(?:\d+(?:ms|[smhdwy]))*(\d+([^\d]+))/.exec(text)?.[2];
          if (unknown !== undefined && !/^(?:ms|[smhdwy])$/.test(unknown))
            throw new ConfigError(
              `unknown unit ${JSON.stringify(unknown)} in duration ${JSON.stringify(text)}`,
            );
          return parsePrometheusDuration(text);
        });
      case 'goDuration': {
        if (typeof node.value === 'number') return node.value / 1e6;
        try {
          return parseGoDuration(text);
        } catch {
          this.mismatch(node, 'time.Duration');
          return undefined;
        }
      }
      case 'url':
        return checkUrl(text);
      case 'secretUrl':
        return text === '<secret>' ? text : checkUrl(text);
      case 'hostPort':
        return checkHostPort(text);
      case 'regexp':
        return rethrow(() => {
          compileRegexp(`^(?:${text})$`);
          return text;
        });
      default:
        return text;
    }
  }

  /** Follows an alias. */
  resolve(node: Node | null): Node | null {
    if (!isAlias(node)) return node;
    return node.resolve(this.#document) ?? null;
  }

  mismatch(node: Node | null, type: string) {
    const text = isScalar(node) ? String(node.source ?? node.value) : '';
    const shown = text === '' ? '' : ` \`${text.length > 10 ? `${text.slice(0, 7)}...` : text}\``;
    this.errors.push(`line ${this.line(node)}: cannot unmarshal ${tagOf(node)}${shown} into ${type}`);
  }
}

/** What our parser says, what yaml.v2 says of the same mistake, and which part of it speaks. */
const goSyntaxErrors: readonly (readonly [RegExp, string, 'scanner' | 'parser'])[] = [
  [
    /Nested mappings are not allowed|Implicit keys need to be on a single line|must be on a single line/i,
    'mapping values are not allowed in this context',
    'scanner',
  ],
  [/Tabs are not allowed/i, 'found character that cannot start any token', 'scanner'],
  [
    /Flow map .*end with a }|Missing , or : between flow map items/i,
    "did not find expected ',' or '}'",
    'parser',
  ],
  [/Flow sequence .*end with a ]|Missing , between flow/i, "did not find expected ',' or ']'", 'parser'],
  [/Missing closing ["']quote/i, 'found unexpected end of stream', 'scanner'],
  [/All mapping items must start at the same column/i, 'did not find expected key', 'parser'],
];

/** Reads one YAML document by a schema. Throws {@link ConfigError}. */
export function decodeYaml(text: string, schema: Schema): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.1',
    uniqueKeys: false,
    lineCounter: lines,
    merge: true,
    // Generators write several documents into one file: Go reads the first.
    logLevel: 'silent',
  });
  const problem = document.errors[0];
  if (problem !== undefined) {
    const message = problem.message.split(/ at line \d+/)[0]!;
    const known = goSyntaxErrors.find(([pattern]) => pattern.test(message));
    // yaml.v2 counts the lines of its parser from nought, and names no line for the first.
    const line = (problem.linePos?.[0].line ?? 1) - (known?.[2] === 'parser' ? 1 : 0);
    const where = line > (known?.[2] === 'scanner' ? 1 : 0) ? `line ${line}: ` : '';
    throw new ConfigError(`yaml: ${where}${known?.[1] ?? message.toLowerCase()}`);
  }
  const decoder = new Decoder(document, lines);
  const value = decoder.decode(schema, document.contents as Node | null);
  if (decoder.errors.length > 0)
    throw new ConfigError(
      `yaml: unmarshal errors:\n${decoder.errors.map((error) => `  ${error}`).join('\n')}`,
    );
  return value;
}

function isNull(node: Node | null): node is null {
  return node === null || (isScalar(node) && (node.value === null || node.value === undefined));
}

/** A key named `__proto__` stays an ordinary key. */
function define(target: Record<string, unknown>, name: string, value: unknown) {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

function tagOf(node: Node | null): string {
  if (isMap(node)) return '!!map';
  if (isSeq(node)) return '!!seq';
  if (!isScalar(node)) return '!!null';
  if (typeof node.value === 'boolean') return '!!bool';
  if (typeof node.value === 'number') return Number.isInteger(node.value) ? '!!int' : '!!float';
  return '!!str';
}

const goScalar = (type: Scalar): string =>
  ({
    bool: 'bool',
    int: 'int',
    secret: 'config.plain',
    any: 'interface {}',
    uint64: 'uint64',
    int64: 'int64',
  })[type as string] ?? 'string';

function goName(schema: Schema): string {
  if (schema.kind === 'struct') return schema.type.replace('config.plain', 'config.Receiver');
  return schema.kind === 'scalar' ? goScalar(schema.type) : 'interface {}';
}

function rethrow<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new ConfigError((error as Error).message, { cause: error });
  }
}

function checkUrl(text: string): string {
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text)?.[1];
  if (scheme === undefined) {
    if (text.startsWith(':')) throw new ConfigError(`parse ${JSON.stringify(text)}: missing protocol scheme`);
    throw new ConfigError(`unsupported scheme "" for URL`);
  }
  if (scheme.toLowerCase() !== 'http' && scheme.toLowerCase() !== 'https')
    throw new ConfigError(`unsupported scheme ${JSON.stringify(scheme)} for URL`);
  if (!/^https?:\/\/[^/?#]/i.test(text)) throw new ConfigError('missing host for URL');
  const host = (/^https?:\/\/([^/?#]*)/i.exec(text)?.[1] ?? '').replace(/^.*@/, '');
  const port = /^(?:\[[^\]]*\]|[^:]*):(.*)$/.exec(host)?.[1];
  if (port !== undefined && !/^\d*$/.test(port))
    throw new ConfigError(`parse ${JSON.stringify(text)}: invalid port ":${port}" after host`);
  return text;
}

function checkHostPort(text: string): string {
  if (text === '') return text;
  const match = /^(?:\[[^\]]*\]|[^:]*):([^:]*)$/.exec(text);
  if (match === null)
    throw new ConfigError(
      `address ${text}: ${text.includes(':') ? 'too many colons in address' : 'missing port in address'}`,
    );
  if (match[1] === '') throw new ConfigError(`address ${JSON.stringify(text)}: port cannot be empty`);
  return text;
}
