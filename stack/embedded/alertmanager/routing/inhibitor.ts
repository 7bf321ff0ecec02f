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
  readonly #index = new Map<Rule, Map<string, Alert[]>>();
  #indexedVersion = -1;

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
      for (const alert of this.#sources(rule).get(equalKey(rule, labels)) ?? []) {
        if (isResolved(alert, now)) continue;
        if (excludeTwoSided && matchesAll(rule.target, alert.labels)) continue;
        if (best === undefined || alert.endsAt >= best.endsAt) best = alert;
      }
      if (best !== undefined) return [best.fingerprint];
    }
    return [];
  }

  /** The alerts that a rule may start from, by the labels that must be equal; built once for each state of the store. */
  #sources(rule: Rule): ReadonlyMap<string, readonly Alert[]> {
    if (this.#indexedVersion !== this.#alerts.version) {
      this.#index.clear();
      this.#indexedVersion = this.#alerts.version;
    }
    let sources = this.#index.get(rule);
    if (sources === undefined) {
      sources = new Map<string, Alert[]>();
      for (const alert of this.#alerts.all()) {
        if (!matchesAll(rule.source, alert.labels)) continue;
        const key = equalKey(rule, alert.labels);
        const list = sources.get(key);
        if (list === undefined) sources.set(key, [alert]);
        else list.push(alert);
      }
      this.#index.set(rule, sources);
    }
    return sources;
  }
}

const equalKey = (rule: Rule, labels: LabelSet) => rule.equal.map((name) => labels[name] ?? '').join('\xff');
