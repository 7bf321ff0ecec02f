import { compileRegexp } from '../../regexp/regexp.ts';
import type { LineFilterStage } from '../logql/ast.ts';
import { formatStage } from '../logql/format.ts';
import { LogqlParseError } from '../logql/parse-error.ts';
import { parseIpRange, textHasAddress } from './ip-range.ts';
import { patternMatcher } from './pattern.ts';

/** A line filter ready to run: on one line, and (where it seeks plain texts) on the bytes of many at once. */
export interface LineFilter {
  test(line: string): boolean;
  /** Present when the filter keeps (or drops, with `negated`) lines that hold one of these texts. */
  readonly literals: readonly Buffer[] | undefined;
  readonly negated: boolean;
}

/** Compiles a line filter. Throws a LogqlParseError that names the stage, as Loki does when it first runs it. */
export function lineFilter(stage: LineFilterStage): LineFilter {
  try {
    return compile(stage);
  } catch (error) {
    throw new LogqlParseError(`stage '${formatStage(stage)}' : ${(error as Error).message}`);
  }
}

function compile({ operator, terms }: LineFilterStage): LineFilter {
  const negated = operator.startsWith('!');
  const kind = operator.replace(/^[|!]/, '');
  const tests = terms.map(({ ip, match }) => {
    if (ip) {
      if (kind !== '=') throw new Error('ip: invalid operation');
      const contains = parseIpRange(match);
      return (line: string) => textHasAddress(line, contains);
    }
    if (kind === '~') {
      const literal = plainText(match);
      if (literal !== undefined) return (line: string) => line.includes(literal);
      const regexp = compileRegexp(match);
      return (line: string) => regexp.test(line);
    }
    if (kind === '>') return patternMatcher(match);
    return (line: string) => line.includes(match);
  });
  const literals = terms.map((term) =>
    term.ip || kind === '>' ? undefined : kind === '=' ? term.match : plainText(term.match),
  );
  return {
    test:
      tests.length === 1
        ? single(tests[0]!, negated)
        : (line) => tests.some((test) => test(line)) !== negated,
    literals: literals.every((literal) => literal !== undefined && literal !== '')
      ? literals.map((literal) => Buffer.from(literal!))
      : undefined,
    negated,
  };
}

function single(test: (line: string) => boolean, negated: boolean): (line: string) => boolean {
  return negated ? (line) => !test(line) : test;
}

/** The text a regular expression stands for when it holds no operator at all. */
function plainText(pattern: string): string | undefined {
  const trimmed = pattern.replace(/^\.\*|\.\*$/g, '');
  return /[\\^$.|?*+()[\]{}]/.test(trimmed) || pattern.includes('\n') ? undefined : trimmed;
}
