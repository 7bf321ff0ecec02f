import { parseGoDuration } from '../../duration/go-duration.ts';
import { compileRegexp } from '../../regexp/regexp.ts';
import type { ComparisonOperator, LabelFilter, Matcher } from '../logql/ast.ts';
import { parseByteSize } from '../units/bytes.ts';
import { quote } from '../units/go-text.ts';
import { parseIpRange, textHasAddress } from './ip-range.ts';
import type { LineLabels } from './line-labels.ts';

type Predicate = (labels: LineLabels) => boolean;

const compare: Readonly<Record<ComparisonOperator, (left: number, right: number) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
};

/** Compiles a matcher to a test of a label's value; a label that is absent is empty. */
export function matcherTest({ operator, value }: Matcher): (value: string) => boolean {
  switch (operator) {
    case '=':
      return (text) => text === value;
    case '!=':
      return (text) => text !== value;
    case '=~':
    case '!~': {
      const regexp = compileRegexp(value, { anchored: true });
      const wanted = operator === '=~';
      return (text) => regexp.test(text) === wanted;
    }
  }
}

/** Parses a float as Go does. Throws with its message. */
export function parseGoFloat(text: string): number {
  if (/^[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?$/.test(text) && !text.includes('_')) {
    const value = Number(text);
    if (!Number.isFinite(value))
      throw new Error(`strconv.ParseFloat: parsing ${quote(text)}: value out of range`);
    return value;
  }
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (special !== null) {
    if (/nan/i.test(special[2]!)) return Number.NaN;
    return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (/^[+-]?0x[\da-f]+p[+-]?\d+$/i.test(text)) return Number.NaN;
  throw new Error(`strconv.ParseFloat: parsing ${quote(text)}: invalid syntax`);
}

const converters = {
  number: parseGoFloat,
  duration: (text: string) => Math.round(parseGoDuration(text) * 1e6),
  bytes: parseByteSize,
};

/**
 * Compiles a label filter. A value that is no number marks the line with LabelFilterErr, unless it failed before, and
 * keeps it. Throws when an address pattern is none.
 */
export function labelFilter(filter: LabelFilter): Predicate {
  switch (filter.kind) {
    case 'and': {
      const [left, right] = [labelFilter(filter.left), labelFilter(filter.right)];
      // Both are asked: either may mark the line.
      return (labels) => {
        const first = left(labels);
        return right(labels) && first;
      };
    }
    case 'or': {
      const [left, right] = [labelFilter(filter.left), labelFilter(filter.right)];
      return (labels) => left(labels) || right(labels);
    }
    case 'string': {
      const test = matcherTest(filter.matcher);
      const { name } = filter.matcher;
      return (labels) => test((name === '__error__' ? labels.error : labels.label(name)) ?? '');
    }
    case 'ip': {
      const { name, operator } = filter;
      const contains = parseIpRange(filter.pattern);
      return (labels) => {
        if (labels.error !== '') return true;
        const value = labels.label(name);
        return value !== undefined && textHasAddress(value, contains) === (operator === '=');
      };
    }
    default: {
      const { name, value: bound } = filter;
      const test = compare[filter.operator];
      const convert = converters[filter.kind];
      return (labels) => {
        const text = labels.label(name);
        if (text === undefined) return false;
        try {
          return test(convert(text), bound);
        } catch (error) {
          if (labels.error === '') labels.fail('LabelFilterErr', (error as Error).message);
          return true;
        }
      };
    }
  }
}
