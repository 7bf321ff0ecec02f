import { formatGoDuration } from '../../duration/go-duration.ts';
import { formatPrometheusDuration } from '../../duration/prometheus-duration.ts';
import { Matcher } from '../labels/matcher.ts';
import { monthNames, weekdayNames } from '../routing/time-interval.ts';
import { type Config, configSchema } from './config.ts';
import type { Schema } from './decode.ts';

type Tree = string | number | boolean | null | Tree[] | { readonly [name: string]: Tree };

/** The configuration as YAML with its defaults filled in and its secrets hidden, as `/api/v2/status` shows it. */
export function marshalConfig(config: Config): string {
  return `${write(encode(configSchema(), { templates: [], ...config }), 0)}\n`.replace(/^\n/, '');
}

function encode(schema: Schema, value: unknown): Tree {
  if (schema.kind === 'struct') {
    const values = (value ?? {}) as Record<string, unknown>;
    const result: Record<string, Tree> = {};
    for (const field of schema.fields) {
      const item = values[field.name];
      if (field.omitEmpty && isEmpty(item)) continue;
      if (item === undefined && field.schema.kind !== 'list') {
        if (field.schema.kind === 'scalar') result[field.name] = field.schema.type === 'string' ? '' : null;
        continue;
      }
      result[field.name] = encodeField(field.name, field.schema, item);
    }
    return result;
  }
  if (schema.kind === 'list') return ((value ?? []) as unknown[]).map((item) => encode(schema.item, item));
  if (schema.kind === 'map')
    return Object.fromEntries(
      Object.entries(value as object)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, item]) => [name, encode(schema.value, item)]),
    );
  if (schema.kind === 'custom') return encodeCustom(value);
  switch (schema.type) {
    case 'secret':
    case 'secretUrl':
    case 'templateUrl':
      return value === '' || value === undefined ? null : '<secret>';
    case 'duration':
      return formatPrometheusDuration(Number(value));
    case 'goDuration':
    case 'textDuration':
      return formatGoDuration(Number(value));
    default:
      return value as Tree;
  }
}

function encodeField(name: string, schema: Schema, value: unknown): Tree {
  if (name === 'weekdays' || name === 'months' || name === 'days_of_month' || name === 'years')
    return (value as { begin: number; end: number }[]).map(({ begin, end }) => {
      const show = (member: number) =>
        name === 'weekdays'
          ? (weekdayNames[member] ?? '')
          : name === 'months'
            ? (monthNames[member - 1] ?? '')
            : String(member);
      return begin === end ? show(begin) : `${show(begin)}:${show(end)}`;
    });
  if (name === 'routes') return (value as unknown[]).map((route) => encode(routeSchema(), route));
  return encode(schema, value);
}

function routeSchema(): Schema {
  return configSchema().fields.find(({ name }) => name === 'route')!.schema;
}

function encodeCustom(value: unknown): Tree {
  if (Array.isArray(value))
    return value.map((item) => (item instanceof Matcher ? String(item) : encodeCustom(item)));
  return value as Tree;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** YAML as Go's yaml.v2 lays it out: lists at the depth of their key. */
function write(tree: Tree, depth: number): string {
  const indent = '  '.repeat(depth);
  if (Array.isArray(tree)) {
    if (tree.length === 0) return ' []';
    return tree
      .map((item) => {
        const text = write(item, depth + 1);
        // The first line of a map stands behind the dash.
        if (typeof item === 'object' && item !== null && !Array.isArray(item) && text.startsWith('\n'))
          return `\n${indent}- ${text.slice(1).trimStart()}`;
        return `\n${indent}-${text}`;
      })
      .join('');
  }
  if (typeof tree === 'object' && tree !== null) {
    const entries = Object.entries(tree);
    if (entries.length === 0) return ' {}';
    return entries
      .map(([name, item]) => {
        const childDepth = Array.isArray(item) ? depth : depth + 1;
        return `\n${indent}${quoteScalar(name)}:${write(item, childDepth)}`;
      })
      .join('');
  }
  if (typeof tree === 'string') return tree.includes('\n') ? literal(tree, depth) : ` ${quoteScalar(tree)}`;
  return ` ${String(tree)}`;
}

function literal(text: string, depth: number): string {
  const indent = '  '.repeat(depth);
  const chomp = text.endsWith('\n') ? '' : '-';
  return ` |${chomp}${text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => (line === '' ? '\n' : `\n${indent}${line}`))
    .join('')}`;
}

const looksTyped =
  /^(?:|~|null|Null|NULL|true|True|TRUE|false|False|FALSE|y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|[-+]?(?:0[xob])?[\d_]+|[-+]?(?:\d[\d_]*)?\.?\d+(?:[eE][-+]?\d+)?|\d+(?::[0-5]?\d)+(?:\.\d*)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|\d{4}-\d\d?-\d\d?.*|<<|=)$/;

function quoteScalar(text: string): string {
  if (/^(?:\.\.\.|---)/.test(text)) return `'${text}'`;
  if (looksTyped.test(text)) return JSON.stringify(text);
  if (/^[\s\-?:,[\]{}#&*!|>'"%@`]|: |:$| #|\s$/.test(text) && !/^[-?:][^\s]/.test(text))
    return `'${text.replaceAll("'", "''")}'`;
  return text;
}
