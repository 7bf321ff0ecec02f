import { z } from 'zod';
import { logLevels } from '../contract/fault-parameters.ts';

/** A TCP port as an environment variable gives it; 0 asks the system for a free one. */
export const portSchema = z.coerce.number().int().min(0).max(65_535);

/** A positive whole number from an environment variable, within a stated range. */
export const countSchema = (minimum: number, maximum: number) =>
  z.coerce.number().int().min(minimum).max(maximum);

export const logLevelSchema = z.enum(logLevels);
export type LogLevel = (typeof logLevels)[number];

export const samplerNames = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type SamplerName = (typeof samplerNames)[number];

/** An empty variable means an unset one, as the OpenTelemetry specification has it. */
const optionalUrl = z
  .string()
  .transform((value) => (value === '' ? undefined : value))
  .pipe(z.url({ protocol: /^https?$/ }).optional())
  .optional();

/** What every service reads from its environment: who it is, where it listens, where its telemetry goes. */
export const environmentSchema = z.object({
  SERVICE_NAME: z.string().min(1).max(64),
  INSTANCE: z.string().min(1).max(64),
  SERVICE_VERSION: z.string().min(1).max(64).default('0.0.0'),
  ENVIRONMENT: z.string().min(1).max(64).default('lab'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: portSchema,
  LOG_LEVEL: logLevelSchema.default('info'),
  /** The share of requests whose debug lines are written, where the level is debug. */
  LOG_DEBUG_SAMPLE_RATIO: z.coerce.number().min(0).max(1).default(1),
  LOKI_URL: optionalUrl,
  OTEL_EXPORTER_OTLP_ENDPOINT: optionalUrl,
  OTEL_TRACES_SAMPLER: z.enum(samplerNames).default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
});
export type Environment = z.infer<typeof environmentSchema>;

/** The admin port of a service that takes faults. The token is required: without one the port would be open. */
export const adminEnvironmentSchema = z.object({
  ADMIN_PORT: portSchema,
  LAB_TOKEN: z.string().min(8),
});

/** A variable that is missing or wrong; the message is one line and never shows the value of a secret. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

const secretName = /TOKEN|SECRET|PASSWORD|DATABASE_URL/;

/**
 * Parses the environment.
 * @throws EnvironmentError with one line that names the variable, its value and the rule.
 */
export function readEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  source: Record<string, string | undefined> = process.env,
): z.infer<Schema> {
  const parsed = schema.safeParse(source);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const name = issue.path.join('.');
    const value = source[name];
    const shown = value === undefined ? 'not set' : secretName.test(name) ? 'set' : `"${value}"`;
    return `${name} is ${shown}: ${issue.message}`;
  });
  throw new EnvironmentError(`bad environment: ${problems.join('; ')}`);
}

/** Reads the environment at a process's start: a problem ends it with one line and exit code 1. */
export function requireEnvironment<Schema extends z.ZodType>(schema: Schema): z.infer<Schema> {
  try {
    return readEnvironment(schema);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}
