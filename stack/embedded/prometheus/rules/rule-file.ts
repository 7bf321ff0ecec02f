import { readFileSync } from 'node:fs';
import { duration } from '../config/scrape-config.ts';
import {
  ConfigError,
  decodeYaml,
  finished,
  integer,
  list,
  map,
  string,
  struct,
} from '../config/yaml-decoder.ts';
import { type ParserOptions, parseExpr } from '../promql/parser/parse.ts';
import { checkTemplate } from './expand-template.ts';

/** One rule as its file has it, checked. */
export interface RuleDefinition {
  readonly kind: 'recording' | 'alerting';
  readonly name: string;
  readonly expr: string;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface GroupDefinition {
  readonly file: string;
  readonly name: string;
  /** Undefined: the global evaluation interval. */
  readonly intervalMs: number | undefined;
  readonly queryOffsetMs: number | undefined;
  readonly limit: number;
  readonly rules: readonly RuleDefinition[];
}

interface RawRule {
  record: string;
  alert: string;
  expr: { readonly text: string; readonly position: string };
  for: number;
  keep_firing_for: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

interface RawGroup {
  name: string;
  interval: number;
  query_offset: number;
  limit: number;
  labels: Record<string, string>;
  rules: (Partial<RawRule> & { position: string })[];
}

const ruleFile = struct<{ groups: (Partial<RawGroup> & { position: string })[] }>('rulefmt.RuleGroups', {
  groups: list(
    finished(
      struct<RawGroup>('rulefmt.RuleGroup', {
        name: string,
        interval: duration,
        query_offset: duration,
        limit: integer(),
        labels: map(string),
        rules: list(
          finished(
            struct<RawRule>('rulefmt.Rule', {
              record: string,
              alert: string,
              expr: finished(string, (text, position) => ({ text, position })),
              for: duration,
              keep_firing_for: duration,
              labels: map(string),
              annotations: map(string),
            }),
            (raw, position) => ({ ...raw, position }),
          ),
          '[]rulefmt.Rule',
        ),
      }),
      (raw, position) => ({ ...raw, position }),
    ),
    '[]rulefmt.RuleGroup',
  ),
});

/** Parses and checks a rule file's text; every fault of the file is in the one error. */
export function parseRuleFile(text: string, file: string, options: ParserOptions = {}): GroupDefinition[] {
  const raw = decodeYaml(text, ruleFile, {});
  const faults: string[] = [];
  const names = new Set<string>();
  const groups = (raw.groups ?? []).map((group): GroupDefinition => {
    const name = group.name ?? '';
    if (name === '') faults.push(`${group.position}: Groupname must not be empty`);
    else if (names.has(name))
      faults.push(`${group.position}: groupname: ${JSON.stringify(name)} is repeated in the same file`);
    names.add(name);
    const rules = (group.rules ?? []).map((rule, index): RuleDefinition => {
      const label = rule.alert ?? rule.record ?? '';
      for (const fault of faultsOf(rule, options)) {
        const [position, text] =
          typeof fault === 'string' ? [rule.position, fault] : [fault.position, fault.text];
        faults.push(
          `${position}: group ${JSON.stringify(name)}, rule ${index + 1}, ${JSON.stringify(label)}: ${text}`,
        );
      }
      return {
        kind: rule.alert === undefined ? 'recording' : 'alerting',
        name: label,
        expr: rule.expr?.text ?? '',
        forMs: rule.for ?? 0,
        keepFiringForMs: rule.keep_firing_for ?? 0,
        labels: { ...group.labels, ...rule.labels },
        annotations: rule.annotations ?? {},
      };
    });
    return {
      file,
      name,
      intervalMs: group.interval || undefined,
      queryOffsetMs: group.query_offset,
      limit: group.limit ?? 0,
      rules,
    };
  });
  if (faults.length > 0) throw new ConfigError(faults.map((fault) => `${file}: ${fault}`).join('\n'));
  return groups;
}

/** Reads a rule file. What it throws begins with the file's path. */
export function loadRuleFile(path: string, options: ParserOptions = {}): GroupDefinition[] {
  try {
    return parseRuleFile(readFileSync(path, 'utf8'), path, options);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ConfigError(message.startsWith(`${path}: `) ? message : `${path}: ${message}`);
  }
}

/** A fault at a place of its own; others stand where their rule does. */
interface PlacedFault {
  readonly position: string;
  readonly text: string;
}

function* faultsOf(rule: Partial<RawRule>, options: ParserOptions): Generator<string | PlacedFault> {
  if (rule.record !== undefined && rule.alert !== undefined)
    yield "only one of 'record' and 'alert' must be set";
  if ((rule.record ?? '') === '' && (rule.alert ?? '') === '') yield "one of 'record' or 'alert' must be set";
  if ((rule.expr?.text ?? '') === '') yield "field 'expr' must be set in rule";
  else {
    try {
      parseExpr(rule.expr!.text, options);
    } catch (error) {
      yield {
        position: rule.expr!.position,
        text: `could not parse expression: ${(error as Error).message}`,
      };
    }
  }
  if (rule.record !== undefined) {
    if (Object.keys(rule.annotations ?? {}).length > 0) yield "invalid field 'annotations' in recording rule";
    if ((rule.for ?? 0) !== 0) yield "invalid field 'for' in recording rule";
    if ((rule.keep_firing_for ?? 0) !== 0) yield "invalid field 'keep_firing_for' in recording rule";
    // Since Prometheus 3 any text is a metric name; braces are a mistake all the same.
    if (/[{}]/.test(rule.record))
      yield `braces present in the recording rule name; should it be in expr?: ${rule.record}`;
  }
  for (const name of Object.keys(rule.labels ?? {})) {
    if (name === '' || name === '__name__') yield `invalid label name: ${name}`;
  }
  for (const name of Object.keys(rule.annotations ?? {}))
    if (name === '') yield `invalid annotation name: ${name}`;
  if (rule.alert !== undefined) {
    for (const [name, text] of Object.entries(rule.labels ?? {})) {
      const fault = checkTemplate(text, rule.alert);
      if (fault !== undefined) yield `label ${JSON.stringify(name)}: ${fault}`;
    }
    for (const [name, text] of Object.entries(rule.annotations ?? {})) {
      const fault = checkTemplate(text, rule.alert);
      if (fault !== undefined) yield `annotation ${JSON.stringify(name)}: ${fault}`;
    }
  }
}
