import { parser as lezer } from '@grafana/lezer-logql';
import { describe, expect, it } from 'vitest';
import { formatExpression, prettify } from './format.ts';
import { parseQuery } from './parser.ts';

/** What it is, and how Loki writes it. */
const valid: [string, string][] = [
  ['{app="a"}', '{app="a"}'],
  ['{app="a",b!~"x.*"}|="x"!="y"', '{app="a", b!~"x.*"} |= "x" != "y"'],
  ['{app="a"} |= "x" or "y" or `z`', '{app="a"} |= "x" or "y" or "z"'],
  ['{app="a"} | json | b > 5 and c="d" or e < 1s', '{app="a"} | json | ( ( b>5 , c="d" ) or e<1s )'],
  ['{app="a"} | b=1, c=2 or d=3', '{app="a"} | ( b==1 , ( c==2 or d==3 ) )'],
  ['{app="a"} | logfmt --strict --keep-empty', '{app="a"} | logfmt --strict --keep-empty'],
  ['{app="a"} | json x="a.b", y', '{app="a"} | json x="a.b",y="y"'],
  [
    '{app="a"} | label_format b=c, d="{{.e}}" | drop f, g="h"',
    '{app="a"} | label_format b=c,d="{{.e}}" | drop f,g="h"',
  ],
  ['{app="a"} | decolorize | unpack | line_format "x"', '{app="a"} | decolorize | unpack | line_format "x"'],
  ['rate({app="a"}[5m] offset 1h)', 'rate({app="a"}[5m] offset 1h0m0s)'],
  ['rate({app="a"}[5m] | json)', 'rate({app="a"} | json[5m])'],
  ['sum(rate(({app="a"} | json)[5m])) by (b, c)', 'sum by (b,c)(rate({app="a"} | json[5m]))'],
  [
    'quantile_over_time(0.99, {app="a"} | unwrap duration(x) | __error__="" [1m]) by (z)',
    'quantile_over_time(0.99,{app="a"} | unwrap duration(x) | __error__=""[1m]) by (z)',
  ],
  ['topk(3, rate({app="a"}[1m]))', 'topk(3,rate({app="a"}[1m]))'],
  [
    'rate({a="b"}[1m]) / on (x) group_left (y) rate({a="c"}[1m]) > bool 2',
    '((rate({a="b"}[1m]) / on (x) group_left (y) rate({a="c"}[1m])) > bool 2)',
  ],
  ['1 + 2 * 3 ^ 2', '(1 + (2 * (3 ^ 2)))'],
  ['vector(0) or vector(1) and vector(2)', '(vector(0.000000) or (vector(1.000000) and vector(2.000000)))'],
  ['count_over_time({app="a"} # a comment\n[1m])', 'count_over_time({app="a"}[1m])'],
];

const invalid: [string, string][] = [
  ['', 'parse error : syntax error: unexpected $end'],
  ['{', 'parse error at line 1, col 2: syntax error: unexpected $end, expecting IDENTIFIER or }'],
  ['{app', 'parse error at line 1, col 5: syntax error: unexpected $end, expecting = or =~ or !~ or !='],
  ['{app="x"', 'parse error at line 1, col 9: syntax error: unexpected $end, expecting } or ,'],
  ['{app="x}', 'parse error at line 1, col 6: literal not terminated'],
  ['{app="x"} |=', 'parse error at line 1, col 13: syntax error: unexpected $end, expecting STRING or ip'],
  [
    '{app="x"}\n| json\n| line_format',
    'parse error at line 3, col 14: syntax error: unexpected $end, expecting STRING',
  ],
  ['sum by app (rate({a="b"}[1m]))', 'parse error at line 1, col 1: syntax error: unexpected IDENTIFIER'],
  ['rate({app="a"}[1m]', 'parse error at line 1, col 19: syntax error: unexpected $end, expecting )'],
  ['rate({app="a"}[1x])', 'parse error at line 1, col 15: unknown unit "x" in duration "1x"'],
  [
    '{app="a"} + 1',
    'parse error : unexpected type for left leg of binary operation (+): *syntax.MatchersExpr',
  ],
  ['topk(rate({a="b"}[1m]))', 'parse error : parameter required for operation topk'],
  [
    'count_over_time({a="b"} | unwrap x [1m])',
    'parse error : invalid aggregation count_over_time with unwrap',
  ],
  [
    '{app="a"} | regexp "("',
    'parse error : invalid regexp parser: error parsing regexp: missing closing ): `(`',
  ],
];

describe('LogQL', () => {
  it.each(valid)('reads %s', (query, written) => {
    const expression = parseQuery(query);
    expect(formatExpression(expression)).toBe(written);
    expect(formatExpression(parseQuery(written.replace(/\.0+\)/g, ')')))).toBe(written);
  });

  it.each(invalid)('refuses %s', (query, message) => {
    expect(() => parseQuery(query)).toThrow(message);
  });

  /** Another grammar of the same language, made for editors, must read the same queries without an error. */
  it.each(valid)("agrees with Grafana's grammar on %s", (query) => {
    let errors = 0;
    lezer.parse(query).iterate({
      enter: (node) => {
        if (node.type.isError) errors++;
      },
    });
    expect(errors).toBe(0);
  });

  it('splits what is long over lines', () => {
    const query = `sum by (path) (rate({app="checkout", env="production"} |= "error" | json | status >= 500 | duration > 1s | user != "" [5m]))`;
    expect(prettify(parseQuery(query))).toBe(
      'sum by (path)(\n  rate(\n    {app="checkout", env="production"} |= "error" | json | status>=500 | duration>1s | user!="" [5m]\n  )\n)',
    );
  });
});
