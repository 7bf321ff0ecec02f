import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Pace } from '../pace.ts';
import { formatDuration, renderTemplate } from '../render.ts';
import type { Placement } from '../topology.ts';

/** A PromQL expression that the lab ships, and where it stands. */
export interface ShippedQuery {
  /** `alert HighLatency`, `record job:http_requests:rate`, `dashboard service: Requests`. */
  readonly name: string;
  readonly promql: string;
}

interface RuleFile {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert?: string;
      readonly record?: string;
      readonly expr: string;
      readonly labels?: Readonly<Record<string, string>>;
    }[];
  }[];
}

/** The expression of every recording and alerting rule, rendered. `root` is the folder `stack/`. */
export function ruleQueries(root: string, at: Placement): ShippedQuery[] {
  const folder = join(root, 'prometheus/rules');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yml'))
    .sort()
    .flatMap((name) => {
      const file = parse(renderTemplate(readFileSync(join(folder, name), 'utf8'), at)) as RuleFile;
      return file.groups.flatMap(({ rules }) =>
        rules.map(({ alert, record, expr, labels = {} }) => ({
          name:
            alert === undefined
              ? ['record', record, ...(labels.window === undefined ? [] : [labels.window])].join(' ')
              : `alert ${alert}`,
          promql: expr.trim(),
        })),
      );
    });
}

/**
 * The PromQL of every panel of the shipped dashboards, variables filled in as if everything were chosen; none where no
 * dashboards are shipped.
 */
export function dashboardQueries(root: string, pace: Pace): ShippedQuery[] {
  const folder = join(root, 'grafana/dashboards');
  if (!existsSync(folder)) return [];
  const found: ShippedQuery[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.json')) continue;
    // Not a template: `${…}` is Grafana's own there.
    collect(
      JSON.parse(readFileSync(join(folder, name), 'utf8')),
      name.replace(/\.json$/, ''),
      '',
      false,
      pace,
      found,
    );
  }
  return found;
}

function collect(
  node: unknown,
  dashboard: string,
  title: string,
  isProm: boolean,
  pace: Pace,
  found: ShippedQuery[],
): void {
  if (Array.isArray(node)) {
    for (const each of node) collect(each, dashboard, title, isProm, pace, found);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const { datasource, expr, title: own } = node as Record<string, unknown>;
  const source = datasource as { type?: string } | undefined;
  const prometheus = source?.type === undefined ? isProm : source.type === 'prometheus';
  const named = typeof own === 'string' ? own : title;
  if (prometheus && typeof expr === 'string' && expr !== '')
    found.push({ name: `dashboard ${dashboard}: ${named}`, promql: fillVariables(expr, pace) });
  for (const [, value] of Object.entries(node)) collect(value, dashboard, named, prometheus, pace, found);
}

/** Grafana's own variables as at this pace, no window longer than the rules'; a dashboard's own as "All". */
function fillVariables(expr: string, pace: Pace): string {
  const window = formatDuration(pace.rateWindowSeconds);
  return expr
    .replace(/\$__rate_interval\b|\$\{__rate_interval\}/g, window)
    .replace(/\$__interval\b|\$\{__interval\}/g, window)
    .replace(/\$__range\b|\$\{__range\}/g, window)
    .replace(/(=~?)"\$\{?\w+(?::\w+)?\}?"/g, '=~".+"')
    .replace(/\$\{?\w+(?::\w+)?\}?/g, '.+');
}
