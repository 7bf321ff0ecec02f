import { expect, test } from 'vitest';
import { formatQuery } from './pretty.ts';

test('a short query stays on one line, with spaces as Prometheus sets them', () => {
  expect(
    formatQuery('sum by(job)(rate(http_requests_total{code=~"5.."}[5m]))/ignoring(code)group_left sum(up)'),
  ).toBe('sum by (job) (rate(http_requests_total{code=~"5.."}[5m])) / ignoring (code) group_left () sum(up)');
});

test('a long query is split and indented', () => {
  const query =
    'histogram_quantile(0.95, sum by (le, endpoint) (rate(http_request_duration_seconds_bucket{job="api"}[5m]))) > 0.3 and on (endpoint) sum by (endpoint) (rate(http_requests_total[5m])) > 1';
  expect(formatQuery(query)).toBe(
    [
      '    histogram_quantile(',
      '      0.95,',
      '      sum by (le, endpoint) (rate(http_request_duration_seconds_bucket{job="api"}[5m]))',
      '    )',
      '  >',
      '    0.3',
      'and on (endpoint)',
      '  sum by (endpoint) (rate(http_requests_total[5m])) > 1',
    ].join('\n'),
  );
});

test('what cannot be parsed is refused with its position', () => {
  expect(() => formatQuery('sum(')).toThrow('1:5: parse error: unclosed left parenthesis');
});
