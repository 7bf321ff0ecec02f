// Numbers as Grafana writes them.

const colors: Readonly<Record<string, string>> = {
  green: '#56a64b',
  red: '#e02f44',
  orange: '#ff780a',
  yellow: '#f2cc0c',
  blue: '#3274d9',
  purple: '#a352cc',
  transparent: 'transparent',
};
/** Told apart by hue and by lightness. */
const palette = [
  '#56a64b',
  '#f2cc0c',
  '#5794f2',
  '#ff780a',
  '#e02f44',
  '#3274d9',
  '#a352cc',
  '#37872d',
  '#e0b400',
  '#1f60c4',
  '#fa6400',
  '#c4162a',
  '#8f3bb8',
  '#8ab8ff',
];

/** A colour by Grafana's name for it, or as CSS writes it. */
export const colorOf = (name: string): string => colors[name] ?? name;
/** The colour of the n-th series. */
export const seriesColor = (index: number): string => palette[index % palette.length]!;

const thousands = ['', 'k', 'M', 'G', 'T', 'P'];
const short = ['', ' K', ' Mil', ' Bil', ' Tri'];
const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A value with its unit. `decimals`: how many; by default three significant digits. */
export function formatValue(value: number, unit: string, decimals?: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  switch (unit) {
    case 'percentunit':
      return `${digits(100 * value, decimals)}%`;
    case 'percent':
      return `${digits(value, decimals)}%`;
    case 's':
      return duration(value, decimals);
    case 'ms':
      return duration(value / 1000, decimals);
    case 'reqps':
      return scaled(value, 1000, short, decimals, ' req/s');
    case 'ops':
      return scaled(value, 1000, short, decimals, ' ops/s');
    case 'Bps':
      return `${scaled(
        value,
        1000,
        thousands.map((prefix) => ` ${prefix}B`),
        decimals,
      )}/s`;
    case 'decbytes':
      return scaled(
        value,
        1000,
        thousands.map((prefix) => ` ${prefix}B`),
        decimals,
      );
    case 'bytes':
      return scaled(
        value,
        1024,
        binary.map((name) => ` ${name}`),
        decimals,
      );
    case 'currencyUSD':
      return `${value < 0 ? '-' : ''}$${scaled(Math.abs(value), 1000, short, decimals)}`;
    case 'bool':
      return value === 0 ? 'False' : 'True';
    case 'none':
      return digits(value, decimals);
    default:
      return scaled(value, 1000, short, decimals);
  }
}

function digits(value: number, decimals?: number): string {
  if (decimals !== undefined) return value.toFixed(decimals);
  if (value === 0) return '0';
  const places = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return String(Number(value.toFixed(places)));
}

function scaled(
  value: number,
  base: number,
  names: readonly string[],
  decimals: number | undefined,
  unit = '',
): string {
  let step = 0;
  let rest = value;
  while (Math.abs(rest) >= base && step < names.length - 1) {
    rest /= base;
    step += 1;
  }
  return `${digits(rest, decimals)}${names[step]!}${unit}`;
}

function duration(seconds: number, decimals?: number): string {
  const size = Math.abs(seconds);
  if (size === 0) return '0 s';
  if (size < 1e-3) return `${digits(seconds * 1e6, decimals)} µs`;
  if (size < 1) return `${digits(seconds * 1e3, decimals)} ms`;
  if (size < 60) return `${digits(seconds, decimals)} s`;
  if (size < 3600) return `${digits(seconds / 60, decimals)} min`;
  if (size < 86_400) return `${digits(seconds / 3600, decimals)} hour`;
  return `${digits(seconds / 86_400, decimals)} day`;
}

/** The colour of a value: that of the last threshold that it reaches. */
export function thresholdColor(
  value: number,
  thresholds: readonly { readonly value: number | null; readonly color: string }[],
): string | undefined {
  const reached = thresholds.filter((one) => one.value === null || value >= one.value).at(-1);
  return reached === undefined ? undefined : colorOf(reached.color);
}
