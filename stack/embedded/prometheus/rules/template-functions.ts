import { parsePrometheusDuration } from '../../duration/prometheus-duration.ts';
import { type GoFunctions, SafeHtml } from '../../go-template/index.ts';
import { compileRegexp } from '../../regexp/regexp.ts';
import type { VectorSample } from '../promql/result.ts';

/** A query's sample as templates see it. */
export class TemplateSample {
  readonly Labels: Map<string, string>;
  readonly Value: number;

  constructor(sample: VectorSample) {
    this.Labels = new Map(sample.labels.pairs);
    this.Value = sample.value;
  }
}

export interface TemplateEnvironment {
  readonly query: (text: string) => readonly VectorSample[];
  readonly externalUrl: string;
}

/** The functions that https://prometheus.io/docs/prometheus/latest/configuration/template_reference/ lists. */
export function templateFunctions(environment: TemplateEnvironment): GoFunctions {
  const functions: Record<string, (...parameters: never[]) => unknown> = {
    query: (text: string) => environment.query(text).map((sample) => new TemplateSample(sample)),
    first: (samples: TemplateSample[]) => {
      const first = samples[0];
      if (first === undefined) throw new Error('first() called on vector with no elements');
      return first;
    },
    label: (name: string, sample: TemplateSample) => sample.Labels.get(name) ?? '',
    value: (sample: TemplateSample) => sample.Value,
    strvalue: (sample: TemplateSample) => sample.Labels.get('__value__') ?? '',
    sortByLabel: (name: string, samples: TemplateSample[]) =>
      [...samples].sort((a, b) => ((a.Labels.get(name) ?? '') < (b.Labels.get(name) ?? '') ? -1 : 1)),
    args: (...values: unknown[]) => new Map(values.map((value, index) => [`arg${index}`, value])),
    reReplaceAll: (pattern: string, replacement: string, text: string) =>
      compileRegexp(pattern).replaceAll(text, replacement),
    match: (pattern: string, text: string) => compileRegexp(pattern).test(text),
    safeHtml: (text: string) => new SafeHtml(text),
    title: (text: string) =>
      text.replace(
        /(^|\s)(\p{L})/gu,
        (_all, before: string, letter: string) => before + letter.toUpperCase(),
      ),
    toUpper: (text: string) => text.toUpperCase(),
    toLower: (text: string) => text.toLowerCase(),
    stripPort: (address: string) =>
      /^(?:\[(.*)\]|([^:]*)):[^:]*$/
        .exec(address)
        ?.slice(1)
        .find((part) => part !== undefined) ?? address,
    stripDomain: (address: string) => {
      const [, host = address, port] = /^([^:]*)(?::(.*))?$/.exec(address) ?? [];
      if (/^[\d.]+$/.test(host) || address.startsWith('[')) return address;
      const short = host.split('.')[0]!;
      return port === undefined ? short : `${short}:${port}`;
    },
    humanize: (value: unknown) => humanize(toNumber(value)),
    humanize1024: (value: unknown) => humanize1024(toNumber(value)),
    humanizeDuration: (value: unknown) => humanizeDuration(toNumber(value)),
    humanizePercentage: (value: unknown) => {
      const number = toNumber(value) * 100;
      return Number.isFinite(number) ? `${significant(number)}%` : `${goSpecial(number)}%`;
    },
    humanizeTimestamp: (value: unknown) => {
      const seconds = toNumber(value);
      if (!Number.isFinite(seconds)) return significant(seconds);
      return formatTime(seconds * 1000);
    },
    toTime: (value: unknown) => new TemplateTime(toNumber(value) * 1000),
    toDuration: (value: unknown) => humanizeDuration(toNumber(value)),
    now: () => Date.now() / 1000,
    parseDuration: (text: string) => parsePrometheusDuration(text) / 1000,
    graphLink: (expr: string) => graphLink(expr),
    tableLink: (expr: string) => tableLink(expr),
    pathPrefix: () => new URL(environment.externalUrl).pathname.replace(/\/$/, ''),
    externalURL: () => environment.externalUrl,
    urlQueryEscape: (text: string) => queryEscape(text),
  };
  return functions;
}

/** A time whose printing is Go's. */
class TemplateTime {
  readonly #ms: number;
  constructor(ms: number) {
    this.#ms = ms;
  }
  String(): string {
    return formatTime(this.#ms);
  }
  Unix(): bigint {
    return BigInt(Math.floor(this.#ms / 1000));
  }
}

function formatTime(ms: number): string {
  const iso = new Date(ms).toISOString();
  const fraction = /\.(\d*?)0*Z$/.exec(iso)?.[1] ?? '';
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${fraction === '' ? '' : `.${fraction}`} +0000 UTC`;
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string') {
    const number = Number(value);
    if (value.trim() !== '' && !Number.isNaN(number)) return number;
    if (value === 'NaN') return Number.NaN;
    throw new Error(`strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`);
  }
  throw new Error(`can't convert ${typeof value} to float`);
}

function goSpecial(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/** Go's `%.4g`. */
function significant(value: number): string {
  if (!Number.isFinite(value)) return goSpecial(value);
  if (value === 0) return '0';
  const [mantissa = '', exponent = '0'] = value.toExponential(3).split('e');
  const power = Number(exponent);
  const trimmed = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  if (power < -4 || power >= 4)
    return `${trimmed(mantissa)}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  return trimmed(value.toFixed(Math.max(0, 3 - power)));
}

function humanize(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return significant(value);
  let rest = value;
  let prefix = '';
  if (Math.abs(rest) >= 1) {
    for (const unit of ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']) {
      if (Math.abs(rest) < 1000) break;
      prefix = unit;
      rest /= 1000;
    }
  } else {
    for (const unit of ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']) {
      if (Math.abs(rest) >= 1) break;
      prefix = unit;
      rest *= 1000;
    }
  }
  return significant(rest) + prefix;
}

function humanize1024(value: number): string {
  if (Math.abs(value) <= 1 || !Number.isFinite(value)) return significant(value);
  let rest = value;
  let prefix = '';
  for (const unit of ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi']) {
    if (Math.abs(rest) < 1024) break;
    prefix = unit;
    rest /= 1024;
  }
  return significant(rest) + prefix;
}

function humanizeDuration(value: number): string {
  if (!Number.isFinite(value)) return significant(value);
  if (value === 0) return '0s';
  if (Math.abs(value) >= 1) {
    const sign = value < 0 ? '-' : '';
    const total = Math.trunc(Math.abs(value));
    const seconds = total % 60;
    const minutes = Math.floor(total / 60) % 60;
    const hours = Math.floor(total / 3600) % 24;
    const days = Math.floor(total / 86_400);
    if (days > 0) return `${sign}${days}d ${hours}h ${minutes}m ${seconds}s`;
    if (hours > 0) return `${sign}${hours}h ${minutes}m ${seconds}s`;
    if (minutes > 0) return `${sign}${minutes}m ${seconds}s`;
    return `${significant(value)}s`;
  }
  let rest = value;
  let prefix = '';
  for (const unit of ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']) {
    if (Math.abs(rest) >= 1) break;
    prefix = unit;
    rest *= 1000;
  }
  return `${significant(rest)}${prefix}s`;
}

/** Go's url.QueryEscape. */
export function queryEscape(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

/** The page that shows an expression as a table, as `generatorURL` and templates have it. */
export function tableLink(expr: string): string {
  return `/graph?g0.expr=${queryEscape(expr)}&g0.tab=1`;
}

export function graphLink(expr: string): string {
  return `/graph?g0.expr=${queryEscape(expr)}&g0.tab=0`;
}
