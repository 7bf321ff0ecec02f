import { z } from 'zod';
import { findVersion, versions } from '../../stack/versions.ts';
import { deployedVersion, replicas } from '../deploy/deploy.ts';
import type { FaultKind } from './fault.ts';

/** Another version on one replica; a release is one of these for each. It is repaired by whatever brings another version. */
export const deployFault: FaultKind<{ version: string; env: Record<string, string> }> = {
  id: 'deploy',
  summary: 'Another version runs on a replica, or the same one with other settings.',
  targets: replicas,
  defaultTarget: 'api-1',
  params: z.strictObject({
    version: z
      .string()
      .refine(
        (name) => findVersion(name) !== undefined,
        `one of ${versions.map(({ name }) => name).join(', ')}`,
      )
      .default('1.1.0'),
    env: z.record(z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/), z.string().max(1_000)).default({}),
  }),
  paramsHelp: `version: ${versions.map(({ name }) => name).join(', ')} (1.1.0)`,
  capability: 'restart-with-env',
  endsByItself: false,
  describe: (target, { version, env }) =>
    `${target} runs version ${version}${Object.entries(env)
      .map(([name, value]) => `, ${name}=${value}`)
      .join('')}`,
  inject: ({ lab }, target, { version, env }) =>
    lab.restart(target, { ...findVersion(version)!.environment, ...env, SERVICE_VERSION: version }),
  revert: ({ lab }, target) => lab.restart(target, {}),
  async isActive({ lab }, target, { version, env }) {
    const overrides = await lab.overrides(target);
    return (
      (await deployedVersion(lab, target)) === version &&
      Object.keys(overrides).length > 0 &&
      Object.entries(env).every(([name, value]) => overrides[name] === value)
    );
  },
};
