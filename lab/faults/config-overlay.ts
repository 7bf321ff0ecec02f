import { z } from 'zod';
import { configurable, maxConfigBytes } from '../configuration/config-file.ts';
import { installConfig, restoreConfig } from '../configuration/install.ts';
import { ConfigInvalid } from '../errors.ts';
import type { RunningLab } from '../runtime/runtime.ts';
import type { FaultKind } from './fault.ts';

type Params = { files: Record<string, string> };

/** Another version of a component's files, installed and read: a rule that floods, a sampling policy that keeps nothing. */
export const configOverlay: FaultKind<Params> = {
  id: 'config-overlay',
  summary: 'A component reads other rules, routes or policies than its own.',
  targets: configurable,
  defaultTarget: 'prometheus',
  params: z.strictObject({
    files: z
      .record(
        z.string().regex(/^(prometheus|alertmanager|loki|jaeger)(\/\w[\w.-]*)+$/),
        z.string().max(maxConfigBytes),
      )
      .refine((files) => Object.keys(files).length > 0, 'at least one file, as <path below stack/>=@<file>'),
  }),
  paramsHelp: '<path below stack/>=@<file> ...',
  endsByItself: false,
  allOrNothing: true,
  describe: (target, { files }) => `${target} reads another ${Object.keys(files).join(', ')}`,
  async inject({ lab, signal }, target, { files }) {
    const foreign = Object.keys(files).find((path) => !path.startsWith(`${target}/`));
    if (foreign !== undefined)
      throw new ConfigInvalid(foreign, `${target} does not read it`, `Add --target ${foreign.split('/')[0]}`);
    await installConfig(lab, target, files, signal);
  },
  async revert({ lab }, target, { files }) {
    // What a person has put in its place since then is a change of theirs, and stays.
    const own = installed(lab, files);
    if (own.length === 0) return;
    await restoreConfig(lab, target, Object.fromEntries(own.map((path) => [path, lab.declaredConfig(path)])));
  },
  isActive: async ({ lab }, _target, { files }) => installed(lab, files).length > 0,
};

function installed(lab: RunningLab, files: Params['files']): string[] {
  return Object.keys(files).filter((path) => lab.readConfig(path) === files[path]);
}
