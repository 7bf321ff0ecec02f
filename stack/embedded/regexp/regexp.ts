import { RE2JS } from 're2js';
import { expandTemplate } from './expand.ts';
import { toLinearRegExp } from './linear.ts';
import { literalMatcher } from './literal.ts';

/** One match: where it starts, its text and groups (`groups[0]` is the whole match), groups by name. */
export interface RegexpMatch {
  readonly index: number;
  readonly groups: readonly (string | undefined)[];
  readonly names: Readonly<Record<string, string | undefined>>;
}

/** A regular expression in RE2 syntax whose matching time is linear in the text. */
export interface GoRegexp {
  readonly pattern: string;
  test(text: string): boolean;
  /** The leftmost match at or after `from`, or null. */
  exec(text: string, from?: number): RegexpMatch | null;
  /** Go's ReplaceAllString: the template may hold `$1`, `${name}` and `$$`. */
  replaceAll(text: string, template: string): string;
  /** Go's Expand: the template filled from one match. */
  expand(template: string, match: RegexpMatch): string;
}

export interface RegexpOptions {
  /** Match the whole text, with `.` matching newlines too, as Prometheus and Loki do for label matchers. */
  readonly anchored?: boolean;
}

/** The pattern is not RE2; the message is Go's: `error parsing regexp: missing closing ]: …`. */
export class RegexpSyntaxError extends Error {
  override readonly name = 'RegexpSyntaxError';
}

/**
 * Compiles RE2 syntax. Literals and simple shapes are answered by string comparison, patterns that cannot backtrack
 * badly by V8's own engine, all others by RE2's automaton: no pattern can take more than linear time.
 *
 * @throws RegexpSyntaxError
 */
export function compileRegexp(pattern: string, options: RegexpOptions = {}): GoRegexp {
  const anchored = options.anchored === true;
  let valid: RE2JS;
  try {
    valid = RE2JS.compile(pattern);
  } catch (error) {
    throw new RegexpSyntaxError(error instanceof Error ? error.message : String(error), { cause: error });
  }
  const names: Record<string, number> = valid.namedGroups();
  let compiled: RE2JS | undefined = anchored ? undefined : valid;
  const automaton = (): RE2JS => {
    compiled ??= RE2JS.compile(`^(?s:${pattern})$`);
    return compiled;
  };
  const literal = anchored ? literalMatcher(pattern) : undefined;
  const linear = toLinearRegExp(pattern, anchored);

  const named = (groups: readonly (string | undefined)[]): Record<string, string | undefined> => {
    const result: Record<string, string | undefined> = {};
    for (const [name, index] of Object.entries(names)) result[name] = groups[index];
    return result;
  };

  const exec = (text: string, from = 0): RegexpMatch | null => {
    const matcher = automaton().matcher(text);
    if (!matcher.find(from)) return null;
    const groups: (string | undefined)[] = [];
    for (let index = 0; index <= matcher.groupCount(); index++)
      groups.push(matcher.group(index) ?? undefined);
    return { index: matcher.start(), groups, names: named(groups) };
  };

  const expand = (template: string, match: RegexpMatch): string =>
    expandTemplate(template, match.groups, match.names);

  return {
    pattern,
    test:
      literal ??
      (linear === undefined ? (text) => automaton().matcher(text).find() : (text) => linear.test(text)),
    exec,
    expand,
    replaceAll(text, template) {
      let result = '';
      let position = 0;
      let last = -1;
      while (position <= text.length) {
        const match = exec(text, position);
        if (match === null) break;
        const whole = match.groups[0] ?? '';
        const end = match.index + whole.length;
        // As in Go, an empty match right after a match is not replaced.
        if (!(whole === '' && match.index === last)) {
          result += text.slice(Math.max(last, 0), match.index) + expand(template, match);
          last = end;
        }
        position = whole === '' ? end + 1 : end;
      }
      return result + text.slice(Math.max(last, 0));
    },
  };
}
