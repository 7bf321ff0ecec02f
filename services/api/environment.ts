import { z } from 'zod';
import { adminEnvironmentSchema, countSchema, environmentSchema } from '../telemetry/environment.ts';

export const apiEnvironmentSchema = environmentSchema.extend(adminEnvironmentSchema.shape).extend({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  DATABASE_POOL_MAX: countSchema(1, 200).default(10),
  AUTH_TOKEN_SECRET: z.string().min(32),
});
export type ApiEnvironment = z.infer<typeof apiEnvironmentSchema>;
