import type { Pace } from './pace.ts';
import { type Placement, type PortName, splitAddress } from './topology.ts';

/** A placeholder that cannot be filled; carries where it stands. */
export class TemplateError extends Error {
  readonly line: number;
  readonly placeholder: string;
  readonly rule: string;

  constructor(line: number, placeholder: string, rule: string) {
    super(`line ${line}: \${${placeholder}}: ${rule}`);
    this.name = 'TemplateError';
    this.line = line;
    this.placeholder = placeholder;
    this.rule = rule;
  }
}

/** The durations that config files may ask for, by their placeholder's name. */
const durations: Readonly<Record<string, (pace: Pace) => number>> = {
  scrape_interval: (pace) => pace.scrapeIntervalSeconds,
  evaluation_interval: (pace) => pace.evaluationIntervalSeconds,
  rate_window: (pace) => pace.rateWindowSeconds,
  alert_for: (pace) => pace.alertForSeconds,
  service_down_for: (pace) => pace.serviceDownForSeconds,
  burn_fast_short: (pace) => pace.burnRateFast.shortSeconds,
  burn_fast_long: (pace) => pace.burnRateFast.longSeconds,
  burn_slow_short: (pace) => pace.burnRateSlow.shortSeconds,
  burn_slow_long: (pace) => pace.burnRateSlow.longSeconds,
  slo_window: (pace) => pace.sloWindowSeconds,
  group_wait: (pace) => pace.groupWaitSeconds,
  group_interval: (pace) => pace.groupIntervalSeconds,
  repeat_interval: (pace) => pace.repeatIntervalSeconds,
};

/**
 * Fills the placeholders of a config template:
 * `${pace.<name>}` a Prometheus duration · `${address.<component>.<port>}` `host:port` as seen from inside ·
 * `${listen.<component>.<port>}` what to bind to, both also with `.host` or `.port` behind ·
 * `${url.<component>}` what a person opens · `${file.<path below stack/>}` · `${data.<component>}`.
 *
 * Left as they are: comment lines, `${1}` (a group of a relabelling rule) and `$${…}` (Grafana's own way to write a literal `${…}`).
 * Anything else is a `TemplateError`: a typing mistake must not reach a server as text.
 */
export function renderTemplate(template: string, at: Placement): string {
  return template
    .split('\n')
    .map((text, index) => (/^\s*#/.test(text) ? text : renderLine(text, index + 1, at)))
    .join('\n');
}

function renderLine(text: string, line: number, at: Placement): string {
  return text.replace(/(\$*)\$\{([^}]*)\}/g, (whole, dollars: string, name: string) => {
    if (dollars !== '' || /^\d+$/.test(name)) return whole;
    return fill(name, at, (rule) => new TemplateError(line, name, rule));
  });
}

function fill(name: string, at: Placement, error: (rule: string) => TemplateError): string {
  const [kind = '', ...rest] = name.split('.');
  switch (kind) {
    case 'pace': {
      const seconds = durations[rest.join('.')];
      if (seconds === undefined) throw error(`a pace has ${Object.keys(durations).join(', ')}`);
      return formatDuration(seconds(at.pace));
    }
    case 'address':
    case 'listen': {
      const [component = '', port = 'http', part] = rest;
      const address = attempt(() => at[kind](component, port as PortName), error);
      if (part === undefined) return address;
      const [host, number] = splitAddress(address);
      if (part === 'host') return host;
      if (part === 'port') return number;
      throw error('an address has the parts host and port');
    }
    case 'url':
    case 'data':
      return attempt(() => at[kind](rest.join('.')), error);
    case 'file':
      return attempt(() => at.file(rest.join('.')), error);
    default:
      throw error('placeholders begin with pace, address, listen, url, file or data');
  }
}

function attempt(read: () => string, error: (rule: string) => TemplateError): string {
  try {
    return read();
  } catch (cause) {
    throw error(cause instanceof Error ? cause.message : String(cause));
  }
}

/** Seconds as Prometheus writes a duration: the largest unit that divides it (`90s`, `5m`, `6h`, `30d`). */
export function formatDuration(seconds: number): string {
  if (!Number.isInteger(seconds)) return `${Math.round(seconds * 1000)}ms`;
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const)
    if (seconds > 0 && seconds % size === 0) return `${seconds / size}${unit}`;
  return `${seconds}s`;
}
