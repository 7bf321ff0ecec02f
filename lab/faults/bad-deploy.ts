import { z } from 'zod';
import type { FaultKind } from './fault.ts';
import { FaultAdmin } from './service-fault.ts';

/** A new version that fails: restarted under another version, and a share of its answers are errors. */
export const badDeploy: FaultKind<{ version: string; rate: number }> = {
  id: 'bad-deploy',
  summary: 'A new version is deployed that fails a share of its requests.',
  targets: ['api-1', 'api-2', 'api-3'],
  defaultTarget: 'api-1',
  params: z.strictObject({
    version: z
      .string()
      .regex(/^[\w.-]{1,40}$/, 'a version such as 1.1.0')
      .default('1.1.0-bad'),
    rate: z.coerce.number().gt(0, 'a share above 0').max(1, 'a share of at most 1').default(0.1),
  }),
  paramsHelp: 'version (1.1.0-bad), rate 0..1 (0.1)',
  capability: 'restart-with-env',
  // The errors end by themselves, the version does not.
  endsByItself: false,
  describe: (target, { version, rate }) =>
    `${target} runs version ${version}, which fails ${rate * 100} % of its requests`,
  async inject({ lab, signal }, target, { version, rate }, ttlMs) {
    if ((await lab.overrides(target)).SERVICE_VERSION !== version) {
      await lab.restart(target, { SERVICE_VERSION: version });
    }
    await new FaultAdmin(lab, target).put('errors', { rate, status: 500, ttlMs }, signal);
  },
  // The errors live in the process that the restart ends.
  revert: ({ lab }, target) => lab.restart(target, {}),
  isActive: async ({ lab }, target) => (await lab.overrides(target)).SERVICE_VERSION !== undefined,
};
