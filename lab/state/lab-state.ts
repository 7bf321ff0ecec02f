import { z } from 'zod';
import { StateCorrupt } from '../errors.ts';
import { writeFileAtomically } from './atomic-write.ts';
import { readJson } from './read-json.ts';

const componentSchema = z.object({
  /** What the lab was told last; a component that should run and does not has crashed. */
  desired: z.enum(['running', 'stopped']),
  /** What `restart` laid over the declared environment. */
  environment: z.record(z.string(), z.string()).default({}),
});

const labStateSchema = z.object({
  version: z.literal(1),
  name: z.string(),
  runtime: z.enum(['embedded', 'docker']),
  pace: z.enum(['lab', 'real']),
  native: z.boolean(),
  portOffset: z.int().min(0).max(40_000),
  createdAt: z.string(),
  /** The PostgreSQL node that takes writes; changes with a promotion. */
  postgresPrimary: z.string(),
  components: z.record(z.string(), componentSchema),
  /** Docker: the image of each kind of component, so that every later command uses what `up` used. */
  images: z.record(z.string(), z.string()).default({}),
  /** Rendered config files by path below `config/`, with the hash they were written with. */
  rendered: z.record(z.string(), z.string()).default({}),
});

/** What outlives the command: everything a later one must know of this lab. */
export type LabState = z.infer<typeof labStateSchema>;

/** Reads `.lab/<name>/state.json`; undefined when there is none, `LAB_STATE_CORRUPT` when it cannot be understood. */
export function readLabState(path: string): LabState | undefined {
  return readJson(path, labStateSchema, (problem, options) => new StateCorrupt(path, problem, options));
}

/** Replaces the state file, durably. */
export function writeLabState(path: string, state: LabState): void {
  writeFileAtomically(path, `${JSON.stringify(labStateSchema.parse(state), null, 2)}\n`);
}
