import { z } from 'zod';
import { adminEnvironmentSchema, countSchema, environmentSchema } from '../telemetry/environment.ts';

export interface UpstreamAddress {
  name: string;
  url: URL;
}

/** `api-1=http://127.0.0.1:8101,api-2=…`: names are the instances' and become label values. */
const upstreamsSchema = z.string().transform((text, context): UpstreamAddress[] => {
  const upstreams = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [, name, address] = /^([\w.-]{1,64})=(.+)$/.exec(entry) ?? [];
      const url = parseUrl(address ?? '');
      if (name === undefined || url?.protocol !== 'http:') {
        context.addIssue({ code: 'custom', message: `"${entry}" must read name=http://host:port` });
        return undefined;
      }
      return { name, url };
    })
    .filter((upstream) => upstream !== undefined);
  if (upstreams.length === 0)
    context.addIssue({ code: 'custom', message: 'at least one upstream is needed' });
  if (new Set(upstreams.map(({ name }) => name)).size < upstreams.length) {
    context.addIssue({ code: 'custom', message: 'each upstream needs a name of its own' });
  }
  return upstreams;
});

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

export const gatewayEnvironmentSchema = environmentSchema.extend(adminEnvironmentSchema.shape).extend({
  UPSTREAMS: upstreamsSchema,
  UPSTREAM_TIMEOUT_MS: countSchema(50, 60_000).default(2_000),
  HEALTH_INTERVAL_MS: countSchema(50, 60_000).default(500),
  BREAKER_RESET_MS: countSchema(50, 600_000).default(2_000),
});
