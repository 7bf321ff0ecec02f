import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from 'yaml';

/** A text that is not the configuration it should be. `message` reads as go-yaml's and Prometheus's own do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** What a decoder needs to know about the document while it walks it; type errors are gathered, not thrown. */
export interface Decoding {
  readonly errors: string[];
  line(node: Node): number;
  /** `line:column` */
  position(node: Node): string;
  resolve(node: Node): Node;
}

/** Reads one node; `undefined` when it has recorded an error. */
export type Decoder<T> = (node: Node, decoding: Decoding) => T | undefined;

/** Parses YAML and decodes it. Throws one `ConfigError` with every type error and its line. */
export function decodeYaml<T>(text: string, decoder: Decoder<T>, whenEmpty: T): T {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    version: '1.1',
    uniqueKeys: false,
    maxAliasCount: 100,
    // Generators write several documents into one file: Go reads the first.
    logLevel: 'silent',
  } as never);
  const syntax = document.errors[0];
  if (syntax !== undefined) {
    const at = lines.linePos(syntax.pos[0]).line;
    throw new ConfigError(
      `yaml: line ${at}: ${syntax.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')}`,
    );
  }
  if (document.contents === null) return whenEmpty;
  const decoding: Decoding = {
    errors: [],
    line: (node) => (node.range ? lines.linePos(node.range[0]).line : 0),
    position: (node) => {
      const { line, col } = lines.linePos(node.range?.[0] ?? 0);
      return `${line}:${col}`;
    },
    resolve: (node) => {
      let current = node;
      for (let depth = 0; isAlias(current) && depth < 20; depth++) {
        const target = current.resolve(document);
        if (target === undefined)
          throw new ConfigError(`yaml: unknown anchor '${current.source}' referenced`);
        current = target as Node;
      }
      return current;
    },
  };
  const value = decoder(document.contents as Node, decoding);
  if (decoding.errors.length > 0)
    throw new ConfigError(`yaml: unmarshal errors:\n  ${decoding.errors.join('\n  ')}`);
  return value ?? whenEmpty;
}

function mismatch(node: Node, decoding: Decoding, type: string): undefined {
  const tag = isMap(node) ? '!!map' : isSeq(node) ? '!!seq' : scalarTag(node);
  const shown = isScalar(node)
    ? ` \`${String(node.source ?? node.value).slice(0, 10)}${String(node.source ?? node.value).length > 10 ? '...' : ''}\``
    : '';
  decoding.errors.push(`line ${decoding.line(node)}: cannot unmarshal ${tag}${shown} into ${type}`);
}

function scalarTag(node: Node): string {
  const value = isScalar(node) ? node.value : undefined;
  if (typeof value === 'boolean') return '!!bool';
  if (typeof value === 'number' || typeof value === 'bigint')
    return Number.isInteger(Number(value)) ? '!!int' : '!!float';
  return '!!str';
}

/** Any scalar, as it is written: `port: 9090` is the string 9090. */
export const string: Decoder<string> = (given, decoding) => {
  const node = decoding.resolve(given);
  if (!isScalar(node)) return mismatch(node, decoding, 'string');
  if (node.value === null) return '';
  return typeof node.value === 'string' ? node.value : String(node.source ?? node.value);
};

export const boolean: Decoder<boolean> = (given, decoding) => {
  const node = decoding.resolve(given);
  return isScalar(node) && typeof node.value === 'boolean' ? node.value : mismatch(node, decoding, 'bool');
};

export function integer(type: 'int' | 'uint' | 'int64' | 'uint64' = 'int'): Decoder<number> {
  return (given, decoding) => {
    const node = decoding.resolve(given);
    const value = isScalar(node) ? node.value : undefined;
    const valid =
      typeof value === 'number' && Number.isSafeInteger(value) && (value >= 0 || !type.startsWith('u'));
    return valid ? value : mismatch(node, decoding, type);
  };
}

export const float: Decoder<number> = (given, decoding) => {
  const node = decoding.resolve(given);
  return isScalar(node) && typeof node.value === 'number' ? node.value : mismatch(node, decoding, 'float64');
};

/** A string put through a function that throws when it is wrong; such an error ends the decoding, as in go-yaml. */
export function parsed<T>(parse: (text: string) => T): Decoder<T> {
  return (node, decoding) => {
    const text = string(node, decoding);
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (error) {
      throw error instanceof ConfigError
        ? error
        : new ConfigError(error instanceof Error ? error.message : String(error));
    }
  };
}

export function list<T>(item: Decoder<T>, type = '[]string'): Decoder<T[]> {
  return (given, decoding) => {
    const node = decoding.resolve(given);
    if (isScalar(node) && node.value === null) return [];
    if (!isSeq(node)) return mismatch(node, decoding, type);
    const values: T[] = [];
    for (const child of node.items) {
      const value = item(child as Node, decoding);
      if (value !== undefined) values.push(value);
    }
    return values;
  };
}

export function map<T>(item: Decoder<T>, type = 'map[string]string'): Decoder<Record<string, T>> {
  return (given, decoding) => {
    const node = decoding.resolve(given);
    if (isScalar(node) && node.value === null) return {};
    if (!isMap(node)) return mismatch(node, decoding, type);
    const values: Record<string, T> = {};
    for (const pair of node.items) {
      const key = string(pair.key as Node, decoding);
      if (key === undefined) continue;
      const value = pair.value === null ? undefined : item(pair.value as Node, decoding);
      Object.defineProperty(values, key, {
        value: value ?? ('' as T),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return values;
  };
}

/** Decoders by field name. */
export type Fields<T> = { readonly [Name in keyof T]-?: Decoder<Exclude<T[Name], undefined>> };

/** A mapping with known fields; another field is an error that names it and its line. */
export function struct<T extends object>(type: string, fields: Fields<T>): Decoder<Partial<T>> {
  return (given, decoding) => {
    const node = decoding.resolve(given);
    if (isScalar(node) && node.value === null) return {};
    if (!isMap(node)) return mismatch(node, decoding, type);
    const values: Partial<T> = {};
    const seen = new Set<string>();
    for (const pair of merged(node, decoding)) {
      const keyNode = pair.key as Node;
      const key = isScalar(keyNode) ? String(keyNode.value) : '';
      if (seen.has(key))
        decoding.errors.push(`line ${decoding.line(keyNode)}: field ${key} already set in type ${type}`);
      seen.add(key);
      if (!Object.hasOwn(fields, key)) {
        decoding.errors.push(`line ${decoding.line(keyNode)}: field ${key} not found in type ${type}`);
        continue;
      }
      const child = pair.value as Node | null;
      if (child === null || (isScalar(child) && child.value === null && child.source !== '""')) continue;
      const value = fields[key as keyof T](child, decoding);
      if (value !== undefined) values[key as keyof T] = value as T[keyof T];
    }
    return values;
  };
}

/** Decodes, then completes or checks; what `finish` throws ends the decoding. */
export function finished<Raw, T>(
  decoder: Decoder<Raw>,
  finish: (raw: Raw, position: string) => T,
): Decoder<T> {
  return (node, decoding) => {
    const before = decoding.errors.length;
    const raw = decoder(node, decoding);
    if (raw === undefined || decoding.errors.length > before) return undefined;
    return finish(raw, decoding.position(node));
  };
}

/** The pairs of a mapping with those of `<<` merged in: what stands there itself wins. */
function merged(node: YAMLMap, decoding: Decoding): readonly Pair[] {
  const isMerge = (pair: Pair): boolean =>
    isScalar(pair.key) && (pair.key.source === '<<' || typeof pair.key.value === 'symbol');
  if (!node.items.some(isMerge)) return node.items;
  const own = node.items.filter((pair) => !isMerge(pair));
  const name = (pair: Pair): unknown => (isScalar(pair.key) ? pair.key.value : undefined);
  const taken = new Set(own.map(name));
  for (const { value } of node.items.filter(isMerge)) {
    const target = decoding.resolve(value as Node);
    for (const source of isSeq(target) ? target.items : [target]) {
      const map = decoding.resolve(source as Node);
      if (!isMap(map)) throw new ConfigError('yaml: map merge requires map or sequence of maps as the value');
      for (const pair of merged(map, decoding)) {
        if (taken.has(name(pair))) continue;
        taken.add(name(pair));
        own.push(pair);
      }
    }
  }
  return own;
}
