import { type Comparison, differenceOfJson, differenceOfShape } from './compare.ts';
import {
  boundedMetrics,
  boundedSamples,
  byShape,
  emptyOrNot,
  momentTolerance,
  namedByData,
  namesThere,
  rates,
  rateTolerance,
  sameLength,
  sortedByValue,
  unordered,
} from './exceptions.ts';

export interface RecordedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyText?: string;
  readonly bodyJson?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Headers that a client acts on. */
const comparedHeaders = ['content-type', 'location', 'allow', 'vary', 'x-content-type-options'];
const corsHeaders = /^access-control-/i;
/** Scrapes and evaluations come every two seconds; a busy machine gets some more. */
const recentMs = 15_000;

/** The first difference between a recorded answer and one that is moved to its place and time. */
export function differenceOfAnswers(
  id: string,
  wanted: RecordedAnswer,
  got: Answer,
  startedMs: number,
): string | undefined {
  if (got.status !== wanted.status)
    return `status ${got.status}, wanted ${wanted.status}: ${got.body.slice(0, 200)}`;
  for (const [name, value] of Object.entries(wanted.headers)) {
    const key = name.toLowerCase();
    if (!comparedHeaders.includes(key) && !corsHeaders.test(key)) continue;
    if (got.headers[key] !== value) return `header ${name} is ${String(got.headers[key])}, wanted ${value}`;
  }
  if (wanted.bodyJson !== undefined) {
    let body: unknown;
    try {
      body = JSON.parse(got.body);
    } catch {
      return `the body is not JSON: ${got.body.slice(0, 200)}`;
    }
    return byShape[id] === undefined
      ? differenceOfValues(id, withoutDuplicates(wanted.bodyJson), withoutDuplicates(body), startedMs)
      : differenceInPart(id, wanted.bodyJson, body);
  }
  if (byShape[id] !== undefined) return got.body === '' ? 'the body is empty' : undefined;
  const timeless = (text: string): string => text.replace(/ \d{13}$/gm, ' <time>');
  return timeless(got.body) === timeless(wanted.bodyText ?? '')
    ? undefined
    : `body ${JSON.stringify(got.body.slice(0, 300))}, wanted ${JSON.stringify(wanted.bodyText?.slice(0, 300))}`;
}

function differenceOfValues(
  id: string,
  wanted: unknown,
  got: unknown,
  startedMs: number,
): string | undefined {
  const now = Date.now();
  const between = (from: number) => (value: unknown) =>
    typeof value === 'string' && Date.parse(value) >= from && Date.parse(value) <= now + 1000;
  const seconds = (most: number) => (value: unknown) =>
    typeof value === 'number' && value >= 0 && value <= most;
  const comparison: Comparison = {
    relative: rates.has(id) ? rateTolerance : 0,
    seconds: momentTolerance[id] ?? 0,
    unordered,
    bounded: {
      lastScrape: between(now - recentMs),
      lastScrapeDuration: seconds(1),
      activeAt: between(startedMs),
      evaluationTime: seconds(2),
      lastEvaluation: between(now - recentMs),
      timings: (value) => typeof value === 'object' && Object.values(value ?? {}).every(seconds(120)),
    },
  };
  if (boundedSamples[id] === undefined) {
    const difference = differenceOfJson(wanted, got, comparison);
    if (difference !== undefined || !sortedByValue.has(id)) return difference;
    const values = (body: unknown): string =>
      samplesOf(body)
        .map(({ value }) => value[1])
        .join(' ');
    return values(got) === values(wanted)
      ? undefined
      : `the values are ${values(got)}, wanted ${values(wanted)}`;
  }
  for (const { metric, value } of samplesOf(got)) {
    const bound = boundedMetrics[metric.__name__ ?? ''];
    if (bound !== undefined && !(Number(value[1]) >= bound.from && Number(value[1]) <= bound.to))
      return `${metric.__name__} is ${value[1]}, wanted from ${bound.from} to ${bound.to}`;
  }
  return differenceOfJson(withoutBounded(wanted), withoutBounded(got), comparison);
}

/** The answer without the values that have bounds; their series and times stay. */
function withoutBounded(body: unknown): unknown {
  const rows = samplesOf(body).map(({ metric, value }) =>
    boundedMetrics[metric.__name__ ?? ''] === undefined ? { metric, value } : { metric, time: value[0] },
  );
  return { ...(body as object), data: { resultType: 'vector', result: rows } };
}

interface Row {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

function samplesOf(body: unknown): Row[] {
  return (body as { data: { result: Row[] } }).data.result;
}

function differenceInPart(id: string, wanted: unknown, got: unknown): string | undefined {
  const names = namesThere[id];
  if (names !== undefined) {
    const found = (got as { data: string[] }).data;
    const missing = names.filter((name) => !found.includes(name));
    if (missing.length > 0) return `missing are ${missing.join(', ')}`;
    if (found.some((name, index) => index > 0 && found[index - 1]! >= name))
      return 'the names are not sorted';
  }
  if (emptyOrNot.has(id) && isEmpty(wanted) !== isEmpty(got)) return undefined;
  const [left, right] = [wanted, got].map((body) => (namedByData.has(id) ? unnamed(body) : body));
  const shape = differenceOfShape(left, right);
  if (shape !== undefined || !id.includes('exemplars'))
    return shape ?? (sameLength.has(id) ? differenceOfLengths(left, right) : undefined);
  const series = (body: unknown): unknown =>
    (body as { data: { seriesLabels: unknown }[] }).data.map(({ seriesLabels }) => seriesLabels);
  return differenceOfJson(series(wanted), series(got), { relative: 0, seconds: 0 });
}

function isEmpty(body: unknown): boolean {
  const { data } = body as { data: unknown[] | { result: unknown[] } };
  return (Array.isArray(data) ? data : data.result).length === 0;
}

function unnamed(body: unknown): unknown {
  const { data, ...rest } = body as { data: object };
  return { ...rest, data: Object.values(data) };
}

/** Whether lists hold as many items, at whatever depth. */
function differenceOfLengths(wanted: unknown, got: unknown, path = '$'): string | undefined {
  if (Array.isArray(wanted)) {
    const length = (got as unknown[]).length;
    return length === wanted.length ? undefined : `${path} has ${length} items, wanted ${wanted.length}`;
  }
  if (typeof wanted !== 'object' || wanted === null) return undefined;
  for (const [name, value] of Object.entries(wanted)) {
    const difference = differenceOfLengths(value, (got as Record<string, unknown>)[name], `${path}.${name}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** Which two of several duplicates an error names follows the order of a vector, which is not defined. */
function withoutDuplicates(body: unknown): unknown {
  const text = JSON.stringify(body);
  return JSON.parse(
    text.replace(/(hand-side of the operation: )\[\{.*?\}\](?=;many-to-many)/g, '$1[two series]'),
  );
}
