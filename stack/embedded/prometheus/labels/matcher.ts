import { compileRegexp } from '../../regexp/regexp.ts';
import type { Matcher, MatchOperator } from '../storage/queryable.ts';

/** @throws RegexpSyntaxError when the operator is `=~` or `!~` and the value is no regular expression. */
export function createMatcher(name: string, operator: MatchOperator, value: string): Matcher {
  return { name, operator, value, matches: predicate(operator, value) };
}

function predicate(operator: MatchOperator, value: string): (text: string) => boolean {
  if (operator === '=') return (text) => text === value;
  if (operator === '!=') return (text) => text !== value;
  const regexp = compileRegexp(value, { anchored: true });
  if (operator === '=~') return (text) => regexp.test(text);
  return (text) => !regexp.test(text);
}
