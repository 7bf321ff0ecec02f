import { describe, expect, test } from 'vitest';
import { parseOpenMetrics } from './open-metrics-parser.ts';
import { parseSeries } from './series-text.ts';
import { parseText } from './text-parser.ts';

const labelsOf = (text: string) => Object.fromEntries(parseSeries(text));

describe('the text format', () => {
  test('samples, timestamps, comments, types and help', () => {
    const { samples, metadata } = parseText(
      [
        '# HELP http_requests_total Requests \\\\ so far\\nall of them',
        '# TYPE http_requests_total counter',
        '# just a comment',
        'http_requests_total{method="get",code="200"} 1027 1395066363000',
        '  spaced   {a="b" , } \t+Inf  ',
        'nothing NaN',
        'small 1.5e-07',
        '',
      ].join('\n'),
    );
    expect(samples.map(({ series, value, timeMs }) => [labelsOf(series), value, timeMs])).toEqual([
      [{ __name__: 'http_requests_total', method: 'get', code: '200' }, 1027, 1_395_066_363_000],
      [{ __name__: 'spaced', a: 'b' }, Number.POSITIVE_INFINITY, undefined],
      [{ __name__: 'nothing' }, Number.NaN, undefined],
      [{ __name__: 'small' }, 1.5e-7, undefined],
    ]);
    expect(metadata.get('http_requests_total')).toEqual({
      type: 'counter',
      help: 'Requests \\ so far\nall of them',
      unit: '',
    });
  });

  test('escapes, braces and newlines in label values', () => {
    const { samples } = parseText('m{a="quote \\" brace } backslash \\\\ newline \\n ü"} 1\n');
    expect(labelsOf(samples[0]!.series)).toEqual({
      __name__: 'm',
      a: 'quote " brace } backslash \\ newline \n ü',
    });
  });

  test('quoted names', () => {
    const { samples } = parseText('{"my.metric","label name"="x"} 1\n');
    expect(labelsOf(samples[0]!.series)).toEqual({ __name__: 'my.metric', 'label name': 'x' });
  });

  test.each([
    ['this is not metrics\n', 'strconv.ParseFloat: parsing "is": invalid syntax while parsing: "this is"'],
    ['m{a="b" 1\n', 'unclosed label set'],
    ['m{a="b}\n', 'unclosed label set'],
    ['m\n', 'expected value after metric'],
    ['m 1 yesterday\n', 'expected next entry after timestamp'],
    ['m 0x10\n', 'invalid syntax'],
    ['# TYPE m nonsense\n', 'invalid metric type "nonsense"'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parseText(text)).toThrow(message);
  });

  test.each([
    ['1abc', 'is not a valid start token'],
    ['m{a=b}', 'expected label value'],
    ['m{a}', 'expected equal'],
    ['m{1a="b"}', 'expected label name or }'],
    ['m{a="b",a="c"}', 'label name "a" is not unique'],
    ['m{a="b"c="d"}', 'after label value'],
    ['{a="b"}', 'metric name not set'],
  ])('the series %s is refused: %s', (text, message) => {
    expect(() => parseSeries(text)).toThrow(message);
  });

  test('a label value of 10 MB is read', () => {
    const value = 'x'.repeat(10_000_000);
    const { samples } = parseText(`m{a="${value}"} 1\n`);
    expect(parseSeries(samples[0]!.series)[1]![1]).toHaveLength(10_000_000);
  });
});

describe('OpenMetrics', () => {
  test('exemplars, timestamps in seconds, units', () => {
    const { samples, metadata } = parseOpenMetrics(
      [
        '# TYPE latency_seconds histogram',
        '# UNIT latency_seconds seconds',
        '# HELP latency_seconds How long "it" takes',
        'latency_seconds_bucket{le="1.0"} 8 # {trace_id="abc"} 0.67 1520879607.789',
        'latency_seconds_bucket{le="+Inf"} 10 1520879607.123 # {} 9.8',
        'latency_seconds_count 10 1520879607',
        '# EOF',
        '',
      ].join('\n'),
    );
    expect(samples.map(({ timeMs, exemplar }) => [timeMs, exemplar])).toEqual([
      [undefined, { labels: [['trace_id', 'abc']], value: 0.67, timeMs: 1_520_879_607_789 }],
      [1_520_879_607_123, { labels: [], value: 9.8, timeMs: undefined }],
      [1_520_879_607_000, undefined],
    ]);
    expect(metadata.get('latency_seconds')).toEqual({
      type: 'histogram',
      unit: 'seconds',
      help: 'How long "it" takes',
    });
  });

  test.each([
    ['m 1\n', 'data does not end with # EOF'],
    ['m 1\n# EOF\nm 2\n', 'unexpected data after # EOF'],
    ['\nm 1\n# EOF\n', 'is not a valid start token'],
    ['# nonsense\n# EOF\n', 'is not a valid start token'],
    ['# UNIT m seconds\n# EOF\n', 'unit "seconds" not a suffix of metric "m"'],
    ['# TYPE m untyped\n# EOF\n', 'invalid metric type "untyped"'],
    ['m  1\n# EOF\n', 'expected value after metric'],
    ['m 1 Inf\n# EOF\n', 'invalid timestamp'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parseOpenMetrics(text)).toThrow(message);
  });
});
