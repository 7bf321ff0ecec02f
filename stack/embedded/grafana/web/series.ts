// Series as they come, and shaped for drawing. Nothing here knows of a page.

export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/** A series by its legend: `{{label}}` filled in; without one, its labels. */
export function legendOf(labels: Readonly<Record<string, string>>, legend: string): string {
  if (legend !== '' && legend !== '__auto')
    return (
      legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => labels[label] ?? '').trim() || 'value'
    );
  const { __name__: name = '', ...rest } = labels;
  const list = Object.entries(rest).map(([key, value]) => `${key}="${value}"`);
  return list.length === 0 ? name || 'value' : `${name}{${list.join(', ')}}`;
}

/** Prometheus and Loki write NaN and infinities as text. */
export function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  return text === 'NaN' ? Number.NaN : Number(text);
}

/**
 * Series with a new end in the place of what they had from `begin` on, and without what lies before `from` (both in
 * seconds). Undefined when there is a series of which nothing earlier is known.
 */
export function extendSeries(
  old: readonly Series[],
  tail: readonly Series[],
  { from, begin }: { readonly from: number; readonly begin: number },
): Series[] | undefined {
  const keyOf = ({ labels }: Series): string => JSON.stringify(Object.entries(labels).sort());
  const ends = new Map(tail.map((one) => [keyOf(one), one]));
  const extended = old.map((one) => {
    const key = keyOf(one);
    const end = ends.get(key);
    ends.delete(key);
    const first = one.times.findIndex((time) => time >= from);
    const cut = one.times.findIndex((time) => time >= begin);
    const kept = [first === -1 ? one.times.length : first, cut === -1 ? one.times.length : cut] as const;
    return {
      ...one,
      times: [...one.times.slice(...kept), ...(end?.times ?? [])],
      values: [...one.values.slice(...kept), ...(end?.values ?? [])],
    };
  });
  return ends.size > 0 ? undefined : extended.filter(({ times }) => times.length > 0);
}

/** All series over one list of times, as a graph wants them; a time at which a series has no point is null. */
export function alignSeries(series: readonly Series[]): { times: number[]; columns: (number | null)[][] } {
  const times = [...new Set(series.flatMap((one) => one.times))].sort((a, b) => a - b);
  const place = new Map(times.map((time, index) => [time, index]));
  const columns = series.map((one) => {
    const column: (number | null)[] = times.map(() => null);
    for (const [index, time] of one.times.entries()) {
      const value = one.values[index]!;
      column[place.get(time)!] = Number.isFinite(value) ? value : null;
    }
    return column;
  });
  return { times, columns };
}

/** Steps without a point in between: where a series has a gap, the line has one. */
export function withGaps(times: readonly number[], stepSeconds: number): number[] {
  const all: number[] = [];
  for (const time of times) {
    const last = all.at(-1);
    if (last !== undefined && time - last > 1.5 * stepSeconds) all.push(last + stepSeconds);
    all.push(time);
  }
  return all;
}

/** Each column on top of those before it. */
export function stack(columns: readonly (readonly (number | null)[])[]): (number | null)[][] {
  const sums: number[] = [];
  return columns.map((column) =>
    column.map((value, index) => {
      sums[index] = (sums[index] ?? 0) + (value ?? 0);
      return value === null ? null : sums[index]!;
    }),
  );
}

/** The last value that is a number. */
export function lastValue({ values }: Pick<Series, 'values'>): number | undefined {
  return values.findLast((value) => !Number.isNaN(value));
}

export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly value: number;
}

/** Equal values in a row become one stretch; where points are missing there is none. Seconds. */
export function stretchesOf({ times, values }: Series, stepSeconds: number): Stretch[] {
  const stretches: { from: number; to: number; value: number }[] = [];
  for (const [index, time] of times.entries()) {
    const value = values[index]!;
    const last = stretches.at(-1);
    const follows = last !== undefined && time - last.to < 0.5 * stepSeconds;
    if (follows && last.value === value) last.to = time + stepSeconds;
    else stretches.push({ from: time, to: time + stepSeconds, value });
  }
  return stretches;
}

export interface Buckets {
  /** Seconds. */
  readonly times: readonly number[];
  /** From the smallest upper bound on. */
  readonly rows: readonly { readonly bound: number; readonly counts: readonly (number | null)[] }[];
}

/** Cumulative buckets (`le`) as what each holds alone. */
export function bucketsOf(series: readonly Series[]): Buckets {
  const sorted = series
    .map((one) => ({ one, bound: numberOf(one.labels.le ?? one.name) }))
    .filter(({ bound }) => !Number.isNaN(bound))
    .sort((a, b) => a.bound - b.bound);
  const { times, columns } = alignSeries(sorted.map(({ one }) => one));
  const rows = sorted.map(({ bound }, row) => ({
    bound,
    counts: times.map((_, index) => {
      const upTo = columns[row]![index] ?? null;
      return upTo === null ? null : Math.max(0, upTo - (columns[row - 1]?.[index] ?? 0));
    }),
  }));
  return { times, rows };
}
