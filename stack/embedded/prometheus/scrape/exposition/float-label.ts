import type { MetricType } from './exposition.ts';

/** The label of a classic histogram or a summary that is a number, by the type of the family. */
const floatLabels: Partial<Record<MetricType, string>> = { histogram: 'le', summary: 'quantile' };

/**
 * Writes the bounds of classic histograms and the quantiles of summaries in one form, as Prometheus does from version 3
 * on: `1` and `1e0` become `1.0`. Otherwise a target that changes its notation would change its series.
 */
export function normalizeFloatLabels(
  pairs: readonly (readonly [name: string, value: string])[],
  type: MetricType,
): readonly (readonly [name: string, value: string])[] {
  const label = floatLabels[type];
  if (label === undefined) return pairs;
  return pairs.map(([name, value]) => [name, name === label ? normalizeFloat(value) : value] as const);
}

/** A number as OpenMetrics writes it; anything else as it is. */
function normalizeFloat(text: string): string {
  if (/^nan$/i.test(text)) return 'NaN';
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? '-Inf' : '+Inf';
  const plain = text.replace(/(?<=\d)_(?=\d)/g, '');
  const isNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(plain) && Number.isFinite(Number(plain));
  return isNumber ? formatOpenMetricsFloat(Number(plain)) : text;
}

/** Go's shortest form (`strconv.FormatFloat(f, 'g', -1, 64)`), with `.0` behind what would look like an integer. */
function formatOpenMetricsFloat(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 6) {
    const sign = exponent < 0 ? '-' : '+';
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}
