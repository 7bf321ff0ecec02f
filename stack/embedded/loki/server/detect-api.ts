import { isIP } from 'node:net';
import { parseGoDuration } from '../../duration/go-duration.ts';
import type { LokiConfig } from '../config/config.ts';
import { scan } from '../engine/scan.ts';
import { newStatistics } from '../engine/statistics.ts';
import type { LogExpression } from '../logql/ast.ts';
import { parseLogQuery, parseMatchers } from '../logql/parser.ts';
import { jsonParser } from '../pipeline/json.ts';
import { parseGoFloat } from '../pipeline/label-filter.ts';
import { LineLabels, noMetadata } from '../pipeline/line-labels.ts';
import { logfmtParser } from '../pipeline/logfmt.ts';
import { allLabels } from '../pipeline/stage.ts';
import { difference } from '../storage/instant.ts';
import type { LogStore } from '../storage/store.ts';
import { parseByteSize } from '../units/bytes.ts';
import { getOrCreate } from '../units/get-or-create.ts';
import { type Bounds, checkRange, parseBounds, parseLimit } from './parameters.ts';
import type { ApiRequest } from './request.ts';

interface Field {
  readonly values: Set<string>;
  readonly parsers: Set<string>;
  path: string[] | undefined;
}

/** Values of a field that are counted; more make it "many" anyway. */
const maxValues = 10_000;
const uuid = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
/** Labels that are always offered, whatever their values look like. */
const staticLabels = new Set(['cluster', 'namespace', 'instance', 'pod']);

/** Answers what fields and labels the logs of a range have, by looking at some of their lines. */
export class DetectApi {
  readonly #config: LokiConfig;
  readonly #store: LogStore;
  readonly #now: () => number;

  constructor(config: LokiConfig, store: LogStore, now: () => number) {
    this.#config = config;
    this.#store = store;
    this.#now = now;
  }

  labels({ parameters }: ApiRequest): object {
    const bounds = this.#bounds(parameters);
    const query = parameters.get('query') ?? '';
    const matchers = query === '' ? [] : parseMatchers(query, { validate: true });
    const values = new Map<string, Set<string>>();
    for (const stream of this.#store.select(matchers)) {
      if (this.#store.chunksWithin(stream, bounds.start, bounds.end).length === 0) continue;
      for (const [name, value] of stream.labels.entries) {
        const found = getOrCreate(values, name, () => new Set());
        found.add(value);
      }
    }
    const detectedLabels = [...values]
      .filter(([name, found]) => staticLabels.has(name) || ![...found].every(isIdentifier))
      .map(([label, found]) => ({ label, cardinality: found.size }));
    return { detectedLabels };
  }

  fields({ parameters }: ApiRequest): object {
    const limit = parseLimit(parameters, 'limit', 1000);
    const fields = [...this.#detect(parameters)]
      .slice(0, limit)
      .map(([label, { values, parsers, path }]) => ({
        label,
        type: typeOf(values),
        cardinality: values.size,
        parsers: parsers.size === 0 ? null : [...parsers],
        jsonPath: path,
      }));
    return { fields, limit };
  }

  fieldValues({ parameters }: ApiRequest, name: string): object {
    const limit = parseLimit(parameters, 'limit', 1000);
    const values = this.#detect(parameters).get(name)?.values ?? new Set<string>();
    return { values: [...values].slice(0, limit), limit };
  }

  #bounds(parameters: URLSearchParams): Bounds {
    const bounds = parseBounds(parameters, this.#now());
    checkRange(bounds, this.#config.limits_config.max_query_length);
    return bounds;
  }

  #detect(parameters: URLSearchParams): Map<string, Field> {
    const bounds = this.#bounds(parameters);
    const query: LogExpression = parseLogQuery(parameters.get('query') ?? '');
    const lineLimit = parseLimit(parameters, 'line_limit', 1000);
    const fields = new Map<string, Field>();
    let lines = 0;
    const add = (name: string, value: string, parser: string | undefined, path?: string[]): void => {
      const field = getOrCreate(fields, name, () => ({
        values: new Set<string>(),
        parsers: new Set<string>(),
        path: undefined,
      }));
      if (field.values.size < maxValues) field.values.add(value);
      if (parser !== undefined) field.parsers.add(parser);
      if (path !== undefined) field.path = path;
    };
    const asJson = jsonParser(allLabels);
    const asLogfmt = logfmtParser(allLabels, { strict: false, keepEmpty: false });
    const own = new LineLabels();
    scan(
      this.#store,
      query,
      {
        ...bounds,
        includeStart: true,
        includeEnd: false,
        direction: 'backward',
        needsLine: true,
        deadlineMs: this.#now() + this.#config.limits_config.query_timeout,
        now: this.#now,
        statistics: newStatistics(),
      },
      (_offset, line, labels) => {
        // Beyond the limit nothing more is looked at: the bound lies before everything.
        if (++lines > lineLimit) return difference(bounds.end, bounds.start) + 1;
        for (const [name, value] of labels.layer('metadata')) add(name, value, undefined);
        for (const [name, value] of labels.layer('parsed'))
          if (!name.startsWith('__')) add(name, value, undefined);
        own.reset(labels.stream, noMetadata);
        asJson(line, own, origin);
        if (own.error === '') {
          const paths = jsonPaths(line);
          for (const [name, value] of own.layer('parsed')) {
            if (value !== '') add(name, value, 'json', paths.get(name.replace(/_extracted$/, '')));
          }
          return undefined;
        }
        own.reset(labels.stream, noMetadata);
        if (line.includes('=')) {
          asLogfmt(line, own, origin);
          for (const [name, value] of own.layer('parsed'))
            if (!name.startsWith('__')) add(name, value, 'logfmt');
        }
        return undefined;
      },
    );
    return fields;
  }
}

const origin = { seconds: 0, nanoseconds: 0 };

/** Where the labels of a JSON line come from: label name to path. */
function jsonPaths(line: string): Map<string, string[]> {
  const paths = new Map<string, string[]>();
  const walk = (node: unknown, path: string[]): void => {
    if (typeof node !== 'object' || node === null || Array.isArray(node) || path.length > 20) {
      paths.set(path.map((key) => key.replace(/[^a-zA-Z0-9_]/g, '_')).join('_'), path);
    } else for (const [key, value] of Object.entries(node)) walk(value, [...path, key]);
  };
  try {
    walk(JSON.parse(line), []);
  } catch {
    // What the lenient parser reads and JSON.parse does not has no path.
  }
  return paths;
}

function isIdentifier(value: string): boolean {
  return uuid.test(value) || (value !== '' && !Number.isNaN(Number(value)));
}

/** The type that the values of a field have in common, tried in Loki's order. */
function typeOf(values: ReadonlySet<string>): string {
  const parses = (parse: (text: string) => unknown) => (text: string) => {
    try {
      parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const tests: [string, (text: string) => boolean][] = [
    ['int', (text) => /^[+-]?\d+$/.test(text)],
    ['float', parses(parseGoFloat)],
    ['boolean', (text) => /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(text)],
    ['duration', parses(parseGoDuration)],
    ['bytes', (text) => isIP(text) === 0 && parses(parseByteSize)(text)],
  ];
  const [first] = values;
  return first === undefined ? 'string' : (tests.find(([, test]) => test(first))?.[0] ?? 'string');
}
