import { z } from 'zod';
import {
  adminEnvironmentSchema,
  countSchema,
  environmentSchema,
  portSchema,
} from '../telemetry/environment.ts';

export const inboxEnvironmentSchema = environmentSchema.extend({
  SMTP_PORT: portSchema,
  /** Of the lab: without it nobody can write the status page, so that it is required. */
  LAB_TOKEN: adminEnvironmentSchema.shape.LAB_TOKEN,
  WATCHDOG_TIMEOUT_MS: countSchema(100, 86_400_000).default(60_000),
  /** How many notifications are kept; the oldest go first. */
  NOTIFICATIONS_MAX: countSchema(10, 100_000).default(2_000),
  /** Where the runbooks stand, `<Alert>.md` each; without it the inbox has none to show. */
  RUNBOOKS_DIRECTORY: z.string().min(1).optional(),
  /** Who is on call, as the lab renders it; without it a page is a message like others. */
  ONCALL_FILE: z.string().min(1).optional(),
});
