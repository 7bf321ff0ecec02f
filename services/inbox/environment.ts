import { countSchema, environmentSchema, portSchema } from '../telemetry/environment.ts';

export const inboxEnvironmentSchema = environmentSchema.extend({
  SMTP_PORT: portSchema,
  WATCHDOG_TIMEOUT_MS: countSchema(100, 86_400_000).default(60_000),
  /** How many notifications are kept; the oldest go first. */
  NOTIFICATIONS_MAX: countSchema(10, 100_000).default(2_000),
});
