import { z } from 'zod';
import { configurable, maxConfigBytes } from '../configuration/config-file.ts';
import { installConfig, restoreConfig } from '../configuration/install.ts';
import { ConfigInvalid } from '../errors.ts';
import type { RunningLab } from '../runtime/runtime.ts';
import type { FaultKind } from './fault.ts';

/** Whole files, and edits of the stack's own files: the text to find, and the text to put in its place. */
type Params = {
  files: Record<string, string>;
  edits: Record<string, { find: string; put: string }[]>;
};

const path = z.string().regex(/^(prometheus|alertmanager|loki|jaeger)(\/\w[\w.-]*)+$/);

/** Another version of a component's files, installed and read: a rule that floods, a sampling policy that keeps nothing. */
export const configOverlay: FaultKind<Params> = {
  id: 'config-overlay',
  summary: 'A component reads other rules, routes or policies than its own.',
  targets: configurable,
  defaultTarget: 'prometheus',
  params: z
    .strictObject({
      files: z.record(path, z.string().max(maxConfigBytes)).default({}),
      edits: z
        .record(path, z.array(z.strictObject({ find: z.string().min(1), put: z.string() })).min(1))
        .default({}),
    })
    .refine(
      ({ files, edits }) => Object.keys(files).length + Object.keys(edits).length > 0,
      'at least one file, as <path below stack/>=@<file>',
    ),
  paramsHelp: '<path below stack/>=@<file> ...',
  endsByItself: false,
  allOrNothing: true,
  describe: (target, { files = {}, edits = {} }) =>
    `${target} reads another ${[...Object.keys(files), ...Object.keys(edits)].join(', ')}`,
  async inject({ lab, signal }, target, params) {
    const files = contentsOf(lab, params);
    const foreign = Object.keys(files).find((path) => !path.startsWith(`${target}/`));
    if (foreign !== undefined)
      throw new ConfigInvalid(foreign, `${target} does not read it`, `Add --target ${foreign.split('/')[0]}`);
    await installConfig(lab, target, files, signal);
  },
  async revert({ lab }, target, params) {
    // What a person has put in its place since then is a change of theirs, and stays.
    const own = installed(lab, params);
    if (own.length === 0) return;
    await restoreConfig(lab, target, Object.fromEntries(own.map((path) => [path, lab.declaredConfig(path)])));
  },
  isActive: async ({ lab }, _target, params) => installed(lab, params).length > 0,
};

function installed(lab: RunningLab, params: Params): string[] {
  const files = contentsOf(lab, params);
  return Object.keys(files).filter((name) => lab.readConfig(name) === files[name]);
}

/** What the overlay's files are in this lab. */
export function contentsOf(
  lab: Pick<RunningLab, 'declaredConfig'>,
  { files = {}, edits = {} }: Partial<Params>,
): Record<string, string> {
  const edited = Object.entries(edits).map(([name, changes]) => {
    let content = lab.declaredConfig(name) ?? '';
    for (const { find, put } of changes) {
      if (!content.includes(find))
        throw new ConfigInvalid(name, `it does not hold ${JSON.stringify(find)}`, 'Look at the file');
      content = content.replace(find, () => put);
    }
    return [name, content] as const;
  });
  return { ...files, ...Object.fromEntries(edited) };
}
