import type { TraceQuery } from '../storage/find-traces.ts';
import {
  BadParameter,
  parseBool,
  parseDurationNanos,
  parseRfc3339Nanos,
  parseUnsigned,
} from './parameters.ts';

export interface V3Search {
  readonly query: TraceQuery;
  readonly raw: boolean;
}

/** The storage refuses more; Jaeger's limit as well. */
const maxSearchDepth = 10_000;
const defaultSearchDepth = 100;

/** The first of several spellings of a parameter that is present: camelCase, then the deprecated snake_case. */
export function resolve(url: URL, ...names: [string, ...string[]]): { value: string; name: string } {
  for (const name of names) {
    const value = url.searchParams.get(name);
    if (value !== null && value !== '') return { value, name };
  }
  return { value: '', name: names[names.length - 1]! };
}

/** Applies a parser to a parameter if it is present; its refusal names the parameter as the caller spelled it. */
export function parsed<T>(url: URL, names: [string, ...string[]], parse: (text: string) => T): T | undefined {
  const { value, name } = resolve(url, ...names);
  if (value === '') return undefined;
  try {
    return parse(value);
  } catch (error) {
    throw new BadParameter(`malformed parameter ${name}: ${(error as Error).message}`);
  }
}

/** The `query.*` parameters of `/api/v3/traces` and `/api/v3/trace-summaries`. */
export function parseV3Search(url: URL): V3Search {
  if (url.searchParams.get('query.filter')) {
    throw new BadParameter(
      'malformed parameter query.filter: filter expressions are not supported by the embedded Jaeger',
    );
  }
  const tags = parsed(url, ['query.attributes'], parseAttributes) ?? new Map<string, string>();
  const startTimeMin = parsed(url, ['query.startTimeMin', 'query.start_time_min'], parseRfc3339Nanos);
  const startTimeMax = parsed(url, ['query.startTimeMax', 'query.start_time_max'], parseRfc3339Nanos);
  if (startTimeMin === undefined || startTimeMax === undefined) {
    throw new BadParameter('query.startTimeMin and query.startTimeMax are required');
  }
  if (startTimeMin > startTimeMax)
    throw new BadParameter('query.startTimeMin must be before query.startTimeMax');
  const depth = parsed(url, ['query.searchDepth', 'query.search_depth', 'query.num_traces'], (text) => {
    const value = parseUnsigned(text, 32);
    if (value > maxSearchDepth) throw new Error(`${value} exceeds the maximum of ${maxSearchDepth}`);
    return value;
  });
  const durationMinNanos = parsed(url, ['query.durationMin', 'query.duration_min'], parseDurationNanos) ?? 0n;
  const durationMaxNanos = parsed(url, ['query.durationMax', 'query.duration_max'], parseDurationNanos) ?? 0n;
  if (durationMinNanos !== 0n && durationMaxNanos !== 0n && durationMaxNanos < durationMinNanos) {
    throw new BadParameter('query.durationMax must not be less than query.durationMin');
  }
  return {
    query: {
      service: resolve(url, 'query.serviceName', 'query.service_name').value,
      operation: resolve(url, 'query.operationName', 'query.operation_name').value,
      tags,
      startTimeMin,
      startTimeMax,
      durationMinNanos,
      durationMaxNanos,
      limit: depth === undefined || depth === 0 ? defaultSearchDepth : depth,
    },
    raw: parsed(url, ['query.rawTraces', 'query.raw_traces'], parseBool) ?? false,
  };
}

function parseAttributes(text: string): Map<string, string> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('expected a JSON object of strings');
  }
  return new Map(
    Object.entries(value).map(([key, item]) => {
      if (typeof item !== 'string')
        throw new Error(`json: cannot unmarshal ${typeof item} into Go value of type string`);
      return [key, item];
    }),
  );
}
