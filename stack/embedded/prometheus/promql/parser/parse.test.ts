import { parser as lezer } from '@prometheus-io/lezer-promql';
import { describe, expect, test } from 'vitest';
import { parseExpr, parseMetricSelector } from './parse.ts';
import { printExpr } from './print.ts';

const everything = {
  experimentalFunctions: true,
  durationExpressions: true,
  extendedRangeSelectors: true,
  fillModifiers: true,
};

/** Texts and positions of Prometheus 3.5.3 or, where it has no such syntax, of its source. */
const faults: readonly (readonly [query: string, message: string])[] = [
  ['', 'unknown position: parse error: no expression found in input'],
  ['sum(', '1:5: parse error: unclosed left parenthesis'],
  ['up)', "1:4: parse error: unexpected right parenthesis ')'"],
  ['up{job="x"', '1:11: parse error: unexpected end of input inside braces'],
  ['up{job=~"("}', '1:4: parse error: error parsing regexp: missing closing ): `(`'],
  ['foo(up)', '1:1: parse error: unknown function with name "foo"'],
  ['up[5m', '1:6: parse error: unclosed left bracket'],
  ['up[', '1:4: parse error: unexpected end of input in duration expression'],
  ['up[]', '1:4: parse error: unexpected "]" in subquery selector, expected number or duration'],
  ['up[:5m]', '1:5: parse error: unexpected colon before duration in duration expression'],
  ['up offset x', '1:11: parse error: unexpected identifier "x" in offset, expected number or duration'],
  ['1..2', '1:1: parse error: bad number or duration syntax: "1.."'],
  ['1m30', '1:1: parse error: bad number or duration syntax: "1m30"'],
  ['0x', '1:1: parse error: error parsing number: strconv.ParseFloat: parsing "0x": invalid syntax'],
  ['rate(a,,b)', '1:7: parse error: trailing commas not allowed in function call args'],
  ['up =', '1:4: parse error: unexpected "="'],
  ['# only', '1:1: parse error: no expression found in input'],
  ['rate()', '1:1: parse error: expected 1 argument(s) in call to "rate", got 0'],
  ['rate(up)', '1:6: parse error: expected type range vector in call to function "rate", got instant vector'],
  ['up[5m]+1', '1:1: parse error: binary expression must contain only scalar and instant vector types'],
  ['{}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
  ['{job!="x"}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
  ['up[5x]', '1:4: parse error: bad number or duration syntax: "5"'],
  ['sum by job (up)', '1:8: parse error: unexpected identifier "job" in grouping opts, expected "("'],
  [
    'topk(up)',
    '1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1',
  ],
  ['sort_by_label(up,"job")', '1:1: parse error: function "sort_by_label" is not enabled'],
  ['up up', '1:4: parse error: unexpected identifier "up"'],
  ['up * group_left() up', '1:6: parse error: unexpected <group_left>'],
  ['1 and up', '1:1: parse error: set operator "and" not allowed in binary scalar expression'],
  ['up + bool 1', '1:4: parse error: bool modifier can only be used on comparison operators'],
  ['1 > 2', '1:3: parse error: comparisons between scalars must use BOOL modifier'],
  ['up{a="\\q"}', "1:6: parse error: unknown escape sequence U+0071 'q'"],
  ['up{a="b', '1:6: parse error: unterminated quoted string'],
  ['up @ x', '1:6: parse error: unexpected identifier "x" in @, expected timestamp'],
  ['demo_num_cpus +', '1:16: parse error: unexpected end of input'],
  ['atan2(demo_num_cpus, 2)', '1:1: parse error: unexpected <op:atan2>'],
  ['a + on (b c', '1:11: parse error: unexpected identifier "c" in grouping opts, expected "," or ")"'],
  ['foo{__name__="x"}', '1:1: parse error: metric name must not be set twice: "foo" or "x"'],
  ['up offset 5m offset 3m', '1:1: parse error: offset may not be set multiple times'],
  [
    'rate(up[5m]) @ 5',
    '1:1: parse error: @ modifier must be preceded by an instant vector selector or range vector selector or a subquery',
  ],
  ['(up)[5m]', '1:5: parse error: ranges only allowed for vector selectors'],
  ['up[5m:1m][1m]', '1:10: parse error: ranges only allowed for vector selectors'],
  ['a and on(x) group_left b', '1:1: parse error: no grouping allowed for "and" operation'],
  ['a + on(x) group_left(x) b', '1:3: parse error: label "x" must not occur in ON and GROUP clause at once'],
  ['up[1m+1m]', '1:4: parse error: experimental duration expression is not enabled'],
  ['a + fill(0) b', '1:1: parse error: binop fill modifiers are experimental and not enabled'],
  ['rate(a[1m] smoothed)', '1:6: parse error: smoothed modifier is experimental and not enabled'],
  ['é + ', "1:1: parse error: unexpected character: 'é'"],
  ['up{a="é"} +\n  foo(up)', '2:3: parse error: unknown function with name "foo"'],
  ['up{a="é"} up', '1:12: parse error: unexpected identifier "up"'],
];

const sound = [
  '1 + 2 * 3 ^ 2 ^ 2',
  '-foo ^ 2',
  'a / on (x) group_left (y) b',
  'a == bool b',
  'a unless ignoring (x) b or c',
  'sum by (job) (rate(http_requests_total{code=~"5.."}[5m]))',
  'sum without (job, le) (foo)',
  'quantile(0.9, foo)',
  'count_values("v", foo)',
  'foo[5m:1m] @ 5.000 offset 3m',
  'foo[1h:]',
  'foo @ start() offset -1h30m',
  '{"label.x"="y",__name__="utf8.name"}',
  'sum(by)',
  'start + end',
  'offset offset 5m',
  'histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))',
  'label_replace(up, "a", "$1", "b", "(.*)")',
  'vector(1)',
  'time() - 5m',
  '"text"',
  'foo{a="\\"\\\\"}',
  'a + on () fill (0) b',
  'a + fill_left (1) fill_right (2) b',
  'foo[5m + step()]',
  'rate(foo[5m] smoothed)',
  'rate(foo[5m] anchored)',
];

describe('parse errors carry the text and position of Prometheus', () => {
  test.each(faults)('%s', (query, message) => {
    expect(() => parseExpr(query)).toThrow(message);
    expect(() => parseExpr(query)).toThrowError(expect.objectContaining({ message }));
  });
});

describe('what is printed can be parsed, and is printed the same again', () => {
  test.each(sound)('%s', (query) => {
    expect(printExpr(parseExpr(query, everything))).toBe(query);
  });
});

/** The one place where the parser written here answers to the grammar that Prometheus publishes for JavaScript. */
describe("the field's own grammar, lezer-promql, takes and refuses the same", () => {
  const lezerTakes = (query: string): boolean => {
    let sane = true;
    lezer.parse(query).iterate({
      enter(node) {
        if (node.type.isError) sane = false;
      },
    });
    return sane;
  };

  // lezer-promql holds `offset` to be a keyword only; in Prometheus it may name a metric.
  test.each(sound.filter((query) => query !== 'offset offset 5m'))('takes %s', (query) => {
    expect(lezerTakes(query)).toBe(true);
  });

  test.each([
    'sum(',
    'up)',
    'up{job="x"',
    'sum by job (up)',
    'up up',
    'up @ x',
    'a +',
    'a + on (b c',
    '1 = 2',
  ])('refuses %s', (query) => {
    expect(lezerTakes(query)).toBe(false);
    expect(() => parseExpr(query, everything)).toThrow('parse error');
  });
});

describe('precedence', () => {
  const shape = (query: string): string => {
    const show = (expr: ReturnType<typeof parseExpr>): string => {
      if (expr.kind === 'binary') return `(${show(expr.left)} ${expr.operator} ${show(expr.right)})`;
      if (expr.kind === 'unary') return `(${expr.operator}${show(expr.expr)})`;
      return printExpr(expr);
    };
    return show(parseExpr(query));
  };

  test.each([
    ['a + b * c ^ d ^ e', '(a + (b * (c ^ (d ^ e))))'],
    ['a - b - c', '((a - b) - c)'],
    ['-a ^ 2', '(-(a ^ 2))'],
    ['-a * 2', '((-a) * 2)'],
    ['a or b and c unless d', '(a or ((b and c) unless d))'],
    ['a > b + c == d', '((a > (b + c)) == d)'],
    ['a ^ -1', '(a ^ -1)'],
    ['-1 ^ 2', '(-(1 ^ 2))'],
    ['a atan2 b * c', '((a atan2 b) * c)'],
  ])('%s', (query, expected) => {
    expect(shape(query)).toBe(expected.replace('(-(1 ^ 2))', '(-(1 ^ 2))'));
  });
});

test('a query nested a thousand deep is an error, not a crash', () => {
  expect(() => parseExpr(`${'('.repeat(1000)}1${')'.repeat(1000)}`)).toThrow('nested deeper than');
  expect(() => parseExpr(`${'-'.repeat(100_000)}1`)).toThrow('nested deeper than');
  expect(() => parseExpr(`${'abs('.repeat(1000)}up${')'.repeat(1000)}`)).toThrow('nested deeper than');
});

test('operators without end are an error, not a crash', () => {
  const chain = (length: number): string => Array.from({ length }, () => 'up').join(' + ');
  expect(() => parseExpr(chain(100_000))).toThrow('more than 1000 operators in a row');
  expect(() => parseExpr(chain(1000))).not.toThrow();
});

test('a long flat query is no deep one', () => {
  expect(() => parseExpr(Array.from({ length: 400 }, () => 'up').join(' + '))).not.toThrow();
});

test('a match[] selector takes a selector and nothing else', () => {
  expect(parseMetricSelector('up{job="x"}').matchers).toHaveLength(2);
  expect(() => parseMetricSelector('rate(up[5m])')).toThrow('1:5: parse error: unexpected "("');
  expect(() => parseMetricSelector('up{')).toThrow('1:4: parse error: unexpected end of input inside braces');
});
