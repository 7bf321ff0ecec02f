import { type Alert, isResolved } from '../alerts/alert.ts';
import type { AlertStore } from '../alerts/store.ts';
import type { InhibitRuleConfig } from '../config/config.ts';
import type { LabelSet } from '../labels/label-set.ts';
import { Matcher, matchesAll } from '../labels/matcher.ts';

interface Rule {
  readonly source: readonly Matcher[];
  readonly target: readonly Matcher[];
  readonly equal: readonly string[];
}

function side(
  match: Readonly<Record<string, string>> | undefined,
  matchRe: Readonly<Record<string, string>> | undefined,
  matchers: readonly Matcher[] | undefined,
): Matcher[] {
  return [
    ...Object.entries(match ?? {}).map(([name, value]) => new Matcher(name, '=', value ?? '')),
    ...Object.entries(matchRe ?? {}).map(([name, value]) => new Matcher(name, '=~', value)),
    ...(matchers ?? []),
  ];
}

/** Mutes alerts while another one fires. */
export class Inhibitor {
  readonly #rules: readonly Rule[];
  readonly #alerts: AlertStore;

  constructor(rules: readonly InhibitRuleConfig[], alerts: AlertStore) {
    this.#alerts = alerts;
    this.#rules = rules.map((rule) => ({
      source: side(rule.source_match, rule.source_match_re, rule.source_matchers),
      target: side(rule.target_match, rule.target_match_re, rule.target_matchers),
      equal: rule.equal ?? [],
    }));
  }

  get ruleCount(): number {
    return this.#rules.length;
  }

  /** The fingerprint of an alert that inhibits these labels, one for the first rule that applies. */
  inhibitedBy(labels: LabelSet, now: number): string[] {
    for (const rule of this.#rules) {
      if (!matchesAll(rule.target, labels)) continue;
      // An alert that matches both sides is not inhibited by another one that does.
      const excludeTwoSided = matchesAll(rule.source, labels);
      let best: Alert | undefined;
      for (const alert of this.#alerts.all()) {
        if (isResolved(alert, now) || !matchesAll(rule.source, alert.labels)) continue;
        if (rule.equal.some((name) => (alert.labels[name] ?? '') !== (labels[name] ?? ''))) continue;
        if (excludeTwoSided && matchesAll(rule.target, alert.labels)) continue;
        if (best === undefined || alert.endsAt >= best.endsAt) best = alert;
      }
      if (best !== undefined) return [best.fingerprint];
    }
    return [];
  }
}
