import { createHash } from 'node:crypto';
import type { GoRegexp } from '../../regexp/regexp.ts';

export type RelabelAction =
  | 'replace'
  | 'keep'
  | 'drop'
  | 'keepequal'
  | 'dropequal'
  | 'hashmod'
  | 'labelmap'
  | 'labeldrop'
  | 'labelkeep'
  | 'lowercase'
  | 'uppercase';

/** One relabelling step, validated (see `config/relabel-config.ts`). */
export interface RelabelRule {
  readonly action: RelabelAction;
  readonly sourceLabels: readonly string[];
  readonly separator: string;
  readonly regex: GoRegexp;
  /** The pattern as it was written, for `status/config`. */
  readonly pattern: string;
  readonly modulus: number;
  readonly targetLabel: string;
  readonly replacement: string;
}

/** Label names and values while they are worked on. An empty value means no label. */
export type MutableLabels = Map<string, string>;

/** Applies the rules in order, in place. False when the target or series is dropped. Source: prometheus, model/relabel. */
export function relabel(labels: MutableLabels, rules: readonly RelabelRule[]): boolean {
  return rules.every((rule) => apply(labels, rule));
}

function set(labels: MutableLabels, name: string, value: string): void {
  if (value === '') labels.delete(name);
  else labels.set(name, value);
}

function apply(labels: MutableLabels, rule: RelabelRule): boolean {
  const value = rule.sourceLabels.map((name) => labels.get(name) ?? '').join(rule.separator);
  switch (rule.action) {
    case 'drop':
      return !rule.regex.test(value);
    case 'keep':
      return rule.regex.test(value);
    case 'dropequal':
      return (labels.get(rule.targetLabel) ?? '') !== value;
    case 'keepequal':
      return (labels.get(rule.targetLabel) ?? '') === value;
    case 'lowercase':
      set(labels, rule.targetLabel, value.toLowerCase());
      return true;
    case 'uppercase':
      set(labels, rule.targetLabel, value.toUpperCase());
      return true;
    case 'hashmod': {
      const digest = createHash('md5').update(value).digest();
      set(labels, rule.targetLabel, (digest.readBigUInt64BE(8) % BigInt(rule.modulus)).toString());
      return true;
    }
    case 'labelmap':
      for (const [name, current] of [...labels]) {
        if (rule.regex.test(name)) set(labels, expand(rule, name) ?? name, current);
      }
      return true;
    case 'labeldrop':
      for (const name of [...labels.keys()]) if (rule.regex.test(name)) labels.delete(name);
      return true;
    case 'labelkeep':
      for (const name of [...labels.keys()]) if (!rule.regex.test(name)) labels.delete(name);
      return true;
    case 'replace': {
      const match = rule.regex.exec(value);
      if (match === null) return true;
      const target = rule.regex.expand(rule.targetLabel, match);
      // Since Prometheus 3 any text but the empty one is a label name.
      if (target !== '') set(labels, target, rule.regex.expand(rule.replacement, match));
      return true;
    }
  }
}

function expand(rule: RelabelRule, text: string): string | undefined {
  const match = rule.regex.exec(text);
  return match === null ? undefined : rule.regex.expand(rule.replacement, match);
}
