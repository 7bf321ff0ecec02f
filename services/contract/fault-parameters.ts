import { z } from 'zod';

/** How long a fault inside a service may last, in milliseconds: half an hour, then it ends by itself. */
export const minTtlMs = 1;
export const maxTtlMs = 1_800_000;

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug'] as const;

/** A number between two bounds, both included. */
interface NumberParameter {
  readonly kind: 'number';
  readonly min: number;
  readonly max: number;
  readonly default: number;
  readonly unit: string;
  readonly whole: boolean;
}

/** A text of a certain form. Where it has no default it may be left out, which `without` names. */
interface TextParameter {
  readonly kind: 'text';
  readonly pattern: RegExp;
  readonly rule: string;
  readonly default?: string;
  readonly without?: string;
}

interface ChoiceParameter {
  readonly kind: 'choice';
  readonly choices: readonly string[];
  readonly default: string;
}

type Parameters = Readonly<Record<string, NumberParameter | TextParameter | ChoiceParameter>>;

const whole = (min: number, max: number, value: number, unit = '') =>
  ({ kind: 'number', min, max, default: value, unit, whole: true }) as const;
const decimal = (min: number, max: number, value: number) =>
  ({ kind: 'number', min, max, default: value, unit: '', whole: false }) as const;

const routePattern = {
  kind: 'text',
  pattern: /^\/[\w\-/:]{0,199}$/,
  rule: 'a route pattern such as /api/v1/notes',
} as const;
/** The route that a fault is limited to. */
const endpoint = { ...routePattern, without: 'all' } as const;
const delayMs = (value: number) => whole(1, 30_000, value, 'ms');
const status = (value: number) => whole(400, 599, value);
/** What comes again and again comes at moments that the seed decides, `everyMs` apart on average. */
const again = (everyMs: number) =>
  ({ everyMs: whole(200, 7_200_000, everyMs, 'ms'), seed: whole(0, 4_294_967_295, 1) }) as const;
const lastsMs = (value: number) => whole(100, 1_200_000, value, 'ms');

/** Every fault that a service carries inside itself, with its parameters. The lab and the services read them here. */
export const faultParameters = {
  // PostgreSQL ends a statement after ten seconds: a longer delay would be an error, not a slow query.
  'slow-queries': { delayMs: whole(1, 9_000, 500, 'ms') },
  latency: { delayMs: delayMs(500), endpoint },
  errors: { rate: decimal(0.001, 1, 0.1), status: status(500), endpoint },
  'rare-error': { oneIn: whole(1, 1_000_000, 1_000) },
  'slow-rare': { oneIn: whole(1, 1_000_000, 200), delayMs: delayMs(1_000) },
  'latency-spikes': { delayMs: delayMs(150), lastsMs: lastsMs(1_000), ...again(6_000) },
  'slow-endpoint': {
    delayMs: delayMs(900),
    endpoint: { ...routePattern, default: '/api/v1/notes/search' },
    lastsMs: lastsMs(20_000),
    ...again(42_000),
  },
  'error-spikes': { requests: whole(1, 100_000, 10), status: status(503), endpoint, ...again(90_000) },
  'connection-leak': { perSecond: decimal(0.1, 10, 1) },
  'memory-leak': { mebibytesPerSecond: decimal(1, 50, 5), maxMebibytes: whole(1, 512, 200) },
  'cpu-burn': { utilization: decimal(0.01, 0.95, 0.8) },
  'event-loop-block': { blockMs: whole(1, 5_000, 300, 'ms'), everyMs: whole(10, 60_000, 1_000, 'ms') },
  cardinality: { seriesPerSecond: whole(1, 1_000, 50), maxSeries: whole(1, 20_000, 5_000) },
  'debug-logging': {},
  'log-level': { level: { kind: 'choice', choices: logLevels, default: 'fatal' } },
  'planted-errors': {
    everyMs: whole(100, 60_000, 2_000, 'ms'),
    marker: {
      kind: 'text',
      pattern: /^[\w-]{4,64}$/,
      rule: '4 to 64 letters, digits, - or _',
      default: 'planted',
    },
  },
  'logged-secret': {},
  sampling: { ratio: decimal(0, 1, 0.01) },
} as const satisfies Readonly<Record<string, Parameters>>;

export type ServiceFaultName = keyof typeof faultParameters;

type ValueOf<P> = P extends { kind: 'number' }
  ? number
  : P extends { choices: readonly (infer Choice)[] }
    ? Choice
    : P extends { default: string }
      ? string
      : string | undefined;

/** The parameters of a fault once they are checked. */
export type FaultValues<Name extends ServiceFaultName> = {
  readonly [Key in keyof (typeof faultParameters)[Name]]: ValueOf<(typeof faultParameters)[Name][Key]>;
};

/**
 * Checks the parameters of a fault and fills in its defaults. `fromText`: numbers may be written as text, as on a
 * command line.
 */
export function faultSchema<Name extends ServiceFaultName>(
  name: Name,
  { fromText = false } = {},
): z.ZodType<FaultValues<Name>> {
  const parameters: Parameters = faultParameters[name];
  const shape = Object.fromEntries(
    Object.entries(parameters).map(([key, parameter]) => [key, schemaOf(parameter, fromText)]),
  );
  return z.strictObject(shape) as unknown as z.ZodType<FaultValues<Name>>;
}

function schemaOf(parameter: Parameters[string], fromText: boolean): z.ZodType {
  switch (parameter.kind) {
    case 'number': {
      const unit = parameter.unit === '' ? '' : ` ${parameter.unit}`;
      const number = (fromText ? z.coerce.number('a number') : z.number('a number'))
        .min(parameter.min, `at least ${parameter.min}${unit}`)
        .max(parameter.max, `at most ${parameter.max}${unit}`);
      return (parameter.whole ? number.int('a whole number') : number).default(parameter.default);
    }
    case 'choice':
      return z.enum(parameter.choices, `one of ${parameter.choices.join(', ')}`).default(parameter.default);
    case 'text': {
      const text = z.string(parameter.rule).regex(parameter.pattern, parameter.rule);
      return parameter.default === undefined ? text.optional() : text.default(parameter.default);
    }
  }
}

/** `delayMs 1..30000 (500), endpoint (all)`: what the parameters are called and may be, with their defaults. */
export function describeParameters(name: ServiceFaultName): string {
  const parameters: Parameters = faultParameters[name];
  const described = Object.entries(parameters).map(
    ([key, parameter]) => `${key} ${describeParameter(parameter)}`,
  );
  return described.join(', ') || 'none';
}

function describeParameter(parameter: Parameters[string]): string {
  switch (parameter.kind) {
    case 'number':
      return `${parameter.min}..${parameter.max} (${parameter.default})`;
    case 'choice':
      return `${parameter.choices.join(', ')} (${parameter.default})`;
    case 'text':
      return `(${parameter.default ?? parameter.without})`;
  }
}
