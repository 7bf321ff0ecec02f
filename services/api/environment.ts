import { z } from 'zod';
import { adminEnvironmentSchema, countSchema, environmentSchema } from '../telemetry/environment.ts';
import { parseReleaseDefect } from './release-defect.ts';

export const apiEnvironmentSchema = environmentSchema.extend(adminEnvironmentSchema.shape).extend({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
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
