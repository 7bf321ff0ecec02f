import { compareStrings } from '../../go-template/index.ts';
import { compileRegexp, type GoRegexp } from '../../regexp/regexp.ts';
import type { LabelSet } from './label-set.ts';

export type MatchOperator = '=' | '!=' | '=~' | '!~';

/** One condition on a label; a label that is absent counts as empty. */
export class Matcher {
  readonly name: string;
  readonly operator: MatchOperator;
  readonly value: string;
  readonly #regexp: GoRegexp | undefined;

  /** Throws Go's message when a regular expression is wrong. */
  constructor(name: string, operator: MatchOperator, value: string) {
    this.name = name;
    this.operator = operator;
    this.value = value;
    this.#regexp = operator.endsWith('~') ? compileRegexp(`^(?:${value})$`) : undefined;
  }

  get isRegex(): boolean {
    return this.#regexp !== undefined;
  }

  get isEqual(): boolean {
    return !this.operator.startsWith('!');
  }

  matchesValue(value: string): boolean {
    const same = this.#regexp === undefined ? value === this.value : this.#regexp.test(value);
    return same === this.isEqual;
  }

  matches(labels: LabelSet): boolean {
    return this.matchesValue(labels[this.name] ?? '');
  }

  toString(): string {
    if (/[\s{}!=~,\\"'`]/u.test(this.name))
      return `${JSON.stringify(this.name)}${this.operator}${JSON.stringify(this.value)}`;
    const value = this.value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
    return `${this.name}${this.operator}"${value}"`;
  }
}

export function matchesAll(matchers: readonly Matcher[], labels: LabelSet): boolean {
  return matchers.every((matcher) => matcher.matches(labels));
}

export function sortMatchers(matchers: readonly Matcher[]): Matcher[] {
  const rank = ['=', '!=', '=~', '!~'];
  return matchers.toSorted(
    (a, b) =>
      compareStrings(a.name, b.name) ||
      compareStrings(a.value, b.value) ||
      rank.indexOf(a.operator) - rank.indexOf(b.operator),
  );
}

/** `{a="b",c=~"d"}`, as it stands in group keys. */
export function formatMatchers(matchers: readonly Matcher[]): string {
  return `{${matchers.map(String).join(',')}}`;
}
