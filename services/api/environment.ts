import { z } from 'zod';
import { adminEnvironmentSchema, countSchema, environmentSchema } from '../telemetry/environment.ts';
import { parseReleaseDefect } from './release-defect.ts';

export const apiEnvironmentSchema = environmentSchema.extend(adminEnvironmentSchema.shape).extend({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** `host:port` in place of the one in DATABASE_URL: another node has become the primary. */
  DATABASE_ADDRESS: z
    .string()
    .regex(/^[\w.-]+:\d{1,5}$/, 'must read host:port')
    .optional(),
  DATABASE_POOL_MAX: countSchema(1, 200).default(10),
  AUTH_TOKEN_SECRET: z.string().min(32),
  RELEASE_DEFECT: z
    .string()
    .optional()
    .transform((text, context) => {
      const defect = text === undefined ? undefined : parseReleaseDefect(text);
      if (text !== undefined && defect === undefined)
        context.addIssue({ code: 'custom', message: `"${text}" must read name:/endpoint:rate` });
      return defect;
    }),
});
export type ApiEnvironment = z.infer<typeof apiEnvironmentSchema>;

/** Where the database is now. */
export function databaseUrl(environment: Pick<ApiEnvironment, 'DATABASE_URL' | 'DATABASE_ADDRESS'>): string {
  if (environment.DATABASE_ADDRESS === undefined) return environment.DATABASE_URL;
  const url = new URL(environment.DATABASE_URL);
  url.host = environment.DATABASE_ADDRESS;
  return url.toString();
}
