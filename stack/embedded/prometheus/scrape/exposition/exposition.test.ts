import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Labels } from '../../labels/labels.ts';
import { isValidUtf8 } from '../../promql/parser/go-quote.ts';
import { decodeBody, parseFloatStrict } from './exposition.ts';
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
        'spaced   {a="b" , } \t+Inf  ',
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
});

interface Verdict {
  readonly format: 'text' | 'OpenMetrics';
  /** Bytes, as Latin-1. */
  readonly body: string;
  readonly scraped: number;
  readonly error?: string;
  /** `name|type|help|unit` */
  readonly metadata?: readonly string[];
}

/** What a scrape would say: the parser's error, or the first one of a series; samples up to it; what the families are. */
function verdictOn({ format, body }: Verdict): Omit<Verdict, 'format' | 'body'> {
  const parse = format === 'text' ? parseText : parseOpenMetrics;
  const { samples, metadata, failure } = parse(decodeBody(Buffer.from(body, 'latin1')));
  for (const [index, { series }] of samples.entries()) {
    try {
      parseSeries(series);
    } catch (error) {
      return { scraped: index + 1, error: (error as Error).message };
    }
    const labels = Labels.from(parseSeries(series));
    const isValid = labels.pairs.every((pair) => pair.every((part) => part !== '' && isValidUtf8(part)));
    if (!isValid) return { scraped: index + 1, error: `invalid metric name or label names: ${labels}` };
  }
  if (failure !== undefined) return { scraped: samples.length, error: failure.message };
  const families = [...metadata].map(([name, { type, help, unit }]) => [name, type, help, unit].join('|'));
  return { scraped: samples.length, ...(families.length === 0 ? {} : { metadata: families.sort() }) };
}

describe('what Prometheus 3.5.3 said of a page, to the letter', () => {
  const verdicts = readFileSync(join(import.meta.dirname, 'testdata/verdicts.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Verdict);

  test.each(verdicts)('$format $body', (verdict) => {
    const { format: _format, body: _body, ...expected } = verdict;
    expect(verdictOn(verdict)).toEqual(expected);
  });
});

test('numbers that only Go has are no numbers', () => {
  for (const text of ['0x1p-2', '1_000', '0x10', '', ' 1', '1 ', '+nan', '1e', '.', '0b1'])
    expect(() => parseFloatStrict(text), text).toThrow(/unsupported character in float|invalid syntax/);
});
