import { parseTraceId } from '../model/trace-id.ts';
import type { TraceQuery } from '../storage/find-traces.ts';
import { BadParameter, parameter, parseBool, parseDurationNanos, parseInteger } from './parameters.ts';
import { parseTags } from './tags.ts';

export interface LegacySearch {
  readonly query: TraceQuery;
  readonly traceIds: readonly string[];
  readonly raw: boolean;
}

const defaultLimit = 100;
const defaultLookbackNanos = 2n * 24n * 3_600_000_000_000n;

/** The parameters of `/api/traces`, with Jaeger's messages. `lookback` counts when `start` is absent. */
export function parseLegacySearch(url: URL, nowMs: number): LegacySearch {
  const nowNanos = BigInt(nowMs) * 1_000_000n;
  const end = microseconds(url, 'end') ?? nowNanos;
  const start = microseconds(url, 'start') ?? end - lookback(url);
  const tags = parseTags(url.searchParams.getAll('tag'), url.searchParams.getAll('tags'));
  const rawLimit = parameter(url, 'limit');
  const limit = rawLimit === '' ? defaultLimit : Number(plain(() => parseInteger(rawLimit, 32)));
  const durationMinNanos = duration(url, 'minDuration');
  const durationMaxNanos = duration(url, 'maxDuration');
  const traceIds = url.searchParams.getAll('traceID').map((id) => {
    try {
      return parseTraceId(id);
    } catch (error) {
      throw new BadParameter(`cannot parse traceID param: ${(error as Error).message}`);
    }
  });
  const raw = bool(url, 'raw');
  const service = parameter(url, 'service');

  if (traceIds.length === 0 && service === '') throw new BadParameter("parameter 'service' is required");
  if (limit <= 0) throw new BadParameter('invalid parameter: limit must be greater than 0');
  if (start > end) throw new BadParameter('invalid parameter: start time must be before end time');
  if (durationMinNanos !== 0n && durationMaxNanos !== 0n && durationMaxNanos < durationMinNanos) {
    throw new BadParameter("'maxDuration' should be greater than 'minDuration'");
  }
  return {
    query: {
      service,
      operation: parameter(url, 'operation'),
      tags,
      startTimeMin: start,
      startTimeMax: end,
      durationMinNanos,
      durationMaxNanos,
      limit,
    },
    traceIds,
    raw,
  };
}

/** `endTs` and `lookback` of `/api/dependencies`, both in milliseconds. */
export function parseDependencyRange(url: URL, nowMs: number): { startNanos: bigint; endNanos: bigint } {
  const endText = parameter(url, 'endTs');
  const endMs = endText === '' ? BigInt(nowMs) : named('endTs', () => parseInteger(endText));
  const lookbackText = parameter(url, 'lookback');
  const lookbackMs =
    lookbackText === '' ? 24n * 3_600_000n : named('lookback', () => parseInteger(lookbackText));
  return { startNanos: (endMs - lookbackMs) * 1_000_000n, endNanos: endMs * 1_000_000n };
}

/** A boolean parameter, false when absent. */
export function bool(url: URL, name: string): boolean {
  const text = parameter(url, name);
  return text === '' ? false : named(name, () => parseBool(text));
}

function microseconds(url: URL, name: string): bigint | undefined {
  const text = parameter(url, name);
  return text === '' ? undefined : named(name, () => parseInteger(text)) * 1000n;
}

/** `1h`, `30m`, `2d`, `1w`; `custom` is what the UI sends beside an explicit start. */
function lookback(url: URL): bigint {
  const text = parameter(url, 'lookback');
  if (text === '' || text === 'custom') return defaultLookbackNanos;
  const long = /^(\d+)([dw])$/.exec(text);
  if (long !== null) return BigInt(long[1]!) * (long[2] === 'd' ? 24n : 168n) * 3_600_000_000_000n;
  return named('lookback', () => parseDurationNanos(text));
}

function duration(url: URL, name: string): bigint {
  const text = parameter(url, name);
  return text === '' ? 0n : named(name, () => parseDurationNanos(text));
}

function named<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new BadParameter(`unable to parse param '${name}': ${(error as Error).message}`);
  }
}

function plain<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new BadParameter((error as Error).message);
  }
}
