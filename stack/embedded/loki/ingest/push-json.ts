import type { Instant } from '../pipeline/stage.ts';
import { describeJsonError, reportAt, streamEnds } from './json-error.ts';
import { PushError } from './push-error.ts';
import type { PushedEntry, PushedStream } from './push-request.ts';
import { formatLabels } from './stream-labels.ts';

const prefix = 'loghttp.PushRequest.Streams: []loghttp.LogProtoStream';
const badValue =
  "unmarshalerDecoder: Value looks like Number/Boolean/None, but can't find its end: ',' or '}' symbol";
const badString = "unmarshalerDecoder: Value is string, but can't find closing '\"' symbol";

/** Parses `{"streams":[{"stream":{…},"values":[["<ns>","line",{…}]]}]}`. Throws a PushError in Loki's words. */
export function parseJsonPush(body: Buffer): PushedStream[] {
  const text = body.toString();
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new PushError(400, describeJsonError(text, prefix));
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new PushError(400, describeJsonError(text, prefix));
  }
  const streams = (document as { streams?: unknown }).streams;
  if (streams === undefined || streams === null) return [];
  if (!Array.isArray(streams)) {
    throw new PushError(
      400,
      reportAt(
        text,
        text.indexOf('"streams"') + 10,
        `${prefix}: decode slice: expect [ or n, but found ${text[text.indexOf('"streams"') + 10] ?? '\0'}`,
      ),
    );
  }
  return streams.map((stream: unknown, index) => {
    try {
      return pushedStream(stream);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      throw new PushError(400, reportAt(text, streamEnds(text, index), `${prefix}: ${error.message}`));
    }
  });
}

class ShapeError extends Error {}

function pushedStream(stream: unknown): PushedStream {
  if (typeof stream !== 'object' || stream === null || Array.isArray(stream)) {
    throw new ShapeError('unmarshalerDecoder: Unknown value type');
  }
  const { stream: labels, values } = stream as { stream?: unknown; values?: unknown };
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries((labels ?? {}) as Record<string, unknown>)) {
    pairs.push([name, typeof value === 'string' ? value : JSON.stringify(value)]);
  }
  pairs.sort((left, right) => (left[0] < right[0] ? -1 : 1));
  if (values !== undefined && values !== null && !Array.isArray(values)) throw new ShapeError(badValue);
  return { labels: formatLabels(pairs), entries: ((values ?? []) as unknown[]).map(pushedEntry) };
}

function pushedEntry(value: unknown): PushedEntry {
  if (!Array.isArray(value)) throw new ShapeError(badValue);
  const [time, line, metadata] = value as unknown[];
  if (typeof time !== 'string') throw new ShapeError(badValue);
  const at = parseNanoseconds(time);
  if (at === undefined) throw new ShapeError(badValue);
  if (typeof line !== 'string') throw new ShapeError(badString);
  if (metadata === undefined) return { at, line, metadata: undefined };
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    throw new ShapeError(badString);
  const pairs = Object.entries(metadata as Record<string, unknown>);
  for (const [, one] of pairs) if (typeof one !== 'string') throw new ShapeError(badString);
  return { at, line, metadata: pairs as [string, string][] };
}

/** Splits digits of nanoseconds without a bigint: this runs for every line. */
export function parseNanoseconds(text: string): Instant | undefined {
  const { length } = text;
  if (length > 19 || length === 0) return undefined;
  if (length <= 9) return /^\d+$/.test(text) ? { seconds: 0, nanoseconds: Number(text) } : negative(text);
  const seconds = Number(text.slice(0, length - 9));
  const nanoseconds = Number(text.slice(length - 9));
  if (
    !Number.isInteger(seconds) ||
    !Number.isInteger(nanoseconds) ||
    seconds < 0 ||
    text.charCodeAt(0) < 48
  ) {
    return negative(text);
  }
  if (seconds > 9_223_372_036) return undefined;
  return { seconds, nanoseconds };
}

function negative(text: string): Instant | undefined {
  if (!/^-\d{1,18}$/.test(text)) return undefined;
  const value = BigInt(text);
  let seconds = value / 1_000_000_000n;
  let rest = value % 1_000_000_000n;
  if (rest < 0n) {
    seconds -= 1n;
    rest += 1_000_000_000n;
  }
  return { seconds: Number(seconds), nanoseconds: Number(rest) };
}

/** Parses the older form, `{"streams":[{"labels":"{…}","entries":[{"ts":"<RFC 3339>","line":"…"}]}]}`. */
export function parseLegacyPush(body: Buffer): PushedStream[] {
  const text = body.toString();
  let document: { streams?: unknown };
  try {
    document = JSON.parse(text) as { streams?: unknown };
  } catch {
    throw new PushError(400, describeJsonError(text, 'legacy.PushRequest.Streams: []legacy.Stream'));
  }
  const streams = Array.isArray(document?.streams) ? (document.streams as unknown[]) : [];
  return streams.map((stream) => {
    const { labels, entries } = (stream ?? {}) as { labels?: unknown; entries?: unknown };
    if (typeof labels !== 'string') throw new PushError(400, 'missing labels');
    return {
      labels,
      entries: (Array.isArray(entries) ? (entries as unknown[]) : []).map((entry) => {
        const { ts, timestamp, line } = (entry ?? {}) as Record<string, unknown>;
        const time = String(ts ?? timestamp);
        const milliseconds = Date.parse(time);
        if (Number.isNaN(milliseconds)) {
          throw new PushError(400, `parsing time ${JSON.stringify(time)}: cannot parse as RFC 3339`);
        }
        const fraction = /\.(\d{1,9})/.exec(time)?.[1] ?? '';
        return {
          at: { seconds: Math.floor(milliseconds / 1000), nanoseconds: Number(fraction.padEnd(9, '0') || 0) },
          line: String(line ?? ''),
          metadata: undefined,
        };
      }),
    };
  });
}
