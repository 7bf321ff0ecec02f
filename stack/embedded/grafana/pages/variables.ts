import { z } from 'zod';
import { parsePrometheusDuration } from '../../duration/prometheus-duration.ts';
import type { ChoiceView } from '../web/view.ts';

/** A variable of a dashboard with the value that a page's address, or the dashboard itself, gives it. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  /** What a person reads and edits: `All`, one value, or several between commas. */
  readonly text: string;
  /** What stands in a query. */
  readonly value: string;
  /** What it can be chosen from; undefined: anything can be typed. */
  readonly choice?: ChoiceView | undefined;
}

const variableSchema = z.looseObject({
  name: z.string(),
  type: z.string().catch(''),
  label: z.string().optional().catch(undefined),
  multi: z.boolean().catch(false),
  includeAll: z.boolean().catch(false),
  allValue: z.string().optional().catch(undefined),
  query: z
    .union([z.string(), z.looseObject({ query: z.string() }).transform(({ query }) => query)])
    .catch(''),
  datasource: z.looseObject({ uid: z.string().catch('') }).catch({ uid: '' }),
  current: z
    .looseObject({ value: z.union([z.string(), z.array(z.string())]).optional() })
    .optional()
    .catch(undefined),
});

const all = '$__all';

/** The dashboard's variables, each with its value from `var-<name>` of the address, as Grafana takes it. */
export function readVariables(list: unknown, parameters: URLSearchParams): Variable[] {
  const readable = (Array.isArray(list) ? list : []).flatMap(
    (one) => variableSchema.safeParse(one).data ?? [],
  );
  return readable.map((variable) => {
    const { name, label, multi, includeAll, allValue, current } = variable;
    const given = parameters.getAll(`var-${name}`).flatMap((value) => (multi ? value.split(',') : [value]));
    const values = given.length > 0 ? given : [current?.value ?? ''].flat();
    const isAll = includeAll && values.some((value) => value === all || value === 'All' || value === '');
    return {
      name,
      label: label ?? name,
      text: isAll ? 'All' : values.join(','),
      value: isAll ? (allValue ?? '.*') : multi ? alternatives(values) : (values[0] ?? ''),
      choice: choiceOf(variable),
    };
  });
}

/** `label_values(metric, label)` or `label_values(label)` of Prometheus, or a list between commas. */
function choiceOf(variable: z.output<typeof variableSchema>): ChoiceView | undefined {
  const { name, type, query, includeAll: all, datasource } = variable;
  if (type === 'custom')
    return { name, all, from: { values: query.split(',').map((value) => value.trim()) } };
  const asked = /^label_values\((?:(.+),)?\s*(\w+)\s*\)$/.exec(query.trim());
  if (type !== 'query' || asked === null) return undefined;
  return {
    name,
    all,
    from: { source: datasource.uid, selector: asked[1]?.trim() ?? '', label: asked[2]! },
  };
}

/** Several values stand in a query as one regular expression. */
function alternatives(values: readonly string[]): string {
  const escaped = values.map((value) => value.replace(/[\\^$*+?.()|[\]{}]/g, '\\\\$&'));
  return escaped.length === 1 ? escaped[0]! : `(${escaped.join('|')})`;
}

/** The durations that Grafana puts into queries, for a range of time, a data source's scrape interval and a width in pixels. */
export function builtInVariables(
  rangeSeconds: number,
  timeInterval: unknown,
  width = 1000,
): Record<string, string> {
  const scrape = secondsOf(timeInterval) ?? 15;
  const interval = Math.max(scrape, Math.ceil(rangeSeconds / width));
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
