import { dirname, join } from 'node:path';
import { z } from 'zod';

export interface GrafanaSettings {
  readonly host: string;
  readonly port: number;
  /** The folder with `datasources/` and `dashboards/`. */
  readonly provisioningPath: string;
  readonly adminPassword: string;
  readonly anonymousEnabled: boolean;
  /** The folder with the pages' programs and styles. */
  readonly webPath: string;
}

const schema = z.object({
  GF_SERVER_HTTP_ADDR: z.string().default('127.0.0.1'),
  GF_SERVER_HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  GF_PATHS_PROVISIONING: z.string().min(1, 'must be the path of the provisioning folder'),
  GF_SECURITY_ADMIN_PASSWORD: z.string().min(1, 'must be set; the embedded Grafana has no default password'),
  GF_AUTH_ANONYMOUS_ENABLED: z.enum(['true', 'false']).default('false'),
});

/** Reads the settings from Grafana's own variables. Throws an Error of one line that names the variable; never its value. */
export function readSettings(environment: NodeJS.ProcessEnv): GrafanaSettings {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const reason = environment[String(issue.path[0])] === undefined ? 'is required' : issue.message;
    throw new Error(`${issue.path.join('.')}: ${reason}`);
  }
  return {
    host: parsed.data.GF_SERVER_HTTP_ADDR || '127.0.0.1',
    port: parsed.data.GF_SERVER_HTTP_PORT,
    provisioningPath: parsed.data.GF_PATHS_PROVISIONING,
    adminPassword: parsed.data.GF_SECURITY_ADMIN_PASSWORD,
    anonymousEnabled: parsed.data.GF_AUTH_ANONYMOUS_ENABLED === 'true',
    // The build puts them beside the server's own file.
    webPath: join(dirname(process.argv[1] ?? ''), 'web'),
  };
}
