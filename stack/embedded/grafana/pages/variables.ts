import { z } from 'zod';
import { parsePrometheusDuration } from '../../duration/prometheus-duration.ts';

/** A variable of a dashboard with the value that a page's address, or the dashboard itself, gives it. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  /** What a person reads and edits: `All`, one value, or several between commas. */
  readonly text: string;
  /** What stands in a query. */
  readonly value: string;
}

const variableSchema = z.looseObject({
  name: z.string(),
  label: z.string().optional(),
  multi: z.boolean().default(false),
  includeAll: z.boolean().default(false),
  allValue: z.string().optional(),
  current: z
    .looseObject({ value: z.union([z.string(), z.array(z.string())]).optional() })
    .optional()
    .catch(undefined),
});

const all = '$__all';

/** The dashboard's variables, each with its value from `var-<name>` of the address, as Grafana takes it. */
export function readVariables(list: unknown, parameters: URLSearchParams): Variable[] {
  const parsed = z.array(variableSchema).safeParse(list ?? []);
  if (!parsed.success) return [];
  return parsed.data.map(({ name, label, multi, includeAll, allValue, current }) => {
    const given = parameters.getAll(`var-${name}`).flatMap((value) => (multi ? value.split(',') : [value]));
    const values = given.length > 0 ? given : [current?.value ?? ''].flat();
    const isAll = includeAll && values.some((value) => value === all || value === 'All' || value === '');
    return {
      name,
      label: label ?? name,
      text: isAll ? 'All' : values.join(','),
      value: isAll ? (allValue ?? '.*') : multi ? alternatives(values) : (values[0] ?? ''),
    };
  });
}

/** Several values stand in a query as one regular expression. */
function alternatives(values: readonly string[]): string {
  const escaped = values.map((value) => value.replace(/[\\^$*+?.()|[\]{}]/g, '\\\\$&'));
  return escaped.length === 1 ? escaped[0]! : `(${escaped.join('|')})`;
}

/** The durations that Grafana puts into queries, for a range of time and a data source's scrape interval. */
export function builtInVariables(rangeSeconds: number, timeInterval: unknown): Record<string, string> {
  const scrape = secondsOf(timeInterval) ?? 15;
  // A panel of this width: what Grafana asks of the screen.
  const interval = Math.max(scrape, Math.ceil(rangeSeconds / 1000));
  return {
    __interval: `${interval}s`,
    __interval_ms: String(interval * 1000),
    __auto: `${interval}s`,
    __rate_interval: `${Math.max(interval + scrape, 4 * scrape)}s`,
    __range: `${rangeSeconds}s`,
    __range_s: String(rangeSeconds),
    __range_ms: String(rangeSeconds * 1000),
  };
}

function secondsOf(duration: unknown): number | undefined {
  try {
    return typeof duration === 'string'
      ? Math.max(1, Math.round(parsePrometheusDuration(duration) / 1000))
      : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces `$name`, `${name}`, `${name:format}` and `[[name]]`; what has no value stays as it is. */
export function interpolate(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$(\w+)|\$\{(\w+)(?::\w+)?\}|\[\[(\w+)(?::\w+)?\]\]/g,
    (whole, plain?: string, braced?: string, bracketed?: string) => {
      const name = plain ?? braced ?? bracketed ?? '';
      return Object.hasOwn(values, name) ? values[name]! : whole;
    },
  );
}
