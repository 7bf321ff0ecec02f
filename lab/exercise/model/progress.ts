import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ProgressCorrupt, ProgressOutdated } from '../../errors.ts';
import { writeFileAtomically } from '../../state/atomic-write.ts';
import { readJson } from '../../state/read-json.ts';

/** The way of one act, in order; what was reached stays reached. */
export const actPhases = [
  'begun',
  'steady',
  'control',
  'broken',
  'observed',
  'tasks',
  'repaired',
  'recovered',
] as const;
export type ActPhase = (typeof actPhases)[number];

const taskProgress = z.object({
  attempts: z.number().int().default(0),
  hints: z.number().int().default(0),
  answeredAt: z.string().optional(),
  /** The solution was shown: the answer is not the learner's own. */
  shown: z.boolean().default(false),
});

const actProgress = z.object({
  phase: z.enum(actPhases),
  /** ISO times; each is set when its phase is reached. */
  startedAt: z.string(),
  steadyAt: z.string().optional(),
  brokenAt: z.string().optional(),
  observedAt: z.string().optional(),
  repairedAt: z.string().optional(),
  recoveredAt: z.string().optional(),
  tasks: z.record(z.string(), taskProgress),
});

const version = 2;
const schema = z.object({
  version: z.literal(version),
  id: z.string(),
  startedAt: z.string(),
  /** Which variant it is, for as long as the exercise is open. */
  seed: z.number().int().positive().optional(),
  /** The act at work, or the last one when the exercise is done. */
  act: z.string(),
  acts: z.record(z.string(), actProgress),
  doneAt: z.string().optional(),
});

export type Progress = z.output<typeof schema>;
export type ActProgress = z.output<typeof actProgress>;
export type TaskProgress = z.output<typeof taskProgress>;

/** How far a learner is, one file an exercise, replaced by rename. */
export class ProgressStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  #file(id: string): string {
    return join(this.#directory, `${id}.json`);
  }

  /** @throws LAB_PROGRESS_OUTDATED, LAB_PROGRESS_CORRUPT. */
  read(id: string): Progress | undefined {
    const file = this.#file(id);
    return readJson(
      file,
      schema,
      (problem, options) => new ProgressCorrupt(file, problem, id, options),
      (document) => {
        const found = (document as { version?: unknown } | null)?.version;
        if (typeof found === 'number' && found !== version)
          throw new ProgressOutdated(file, found, version, id);
      },
    );
  }

  write(progress: Progress): void {
    writeFileAtomically(this.#file(progress.id), `${JSON.stringify(progress, null, 2)}\n`);
  }

  reset(id: string): void {
    rmSync(this.#file(id), { force: true });
  }

  /** The exercises that are begun and not done. A file that cannot be read counts. */
  open(): string[] {
    if (!existsSync(this.#directory)) return [];
    return readdirSync(this.#directory)
      .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
      .map((name) => name.slice(0, -'.json'.length))
      .filter((id) => {
        try {
          const progress = this.read(id);
          return progress !== undefined && progress.doneAt === undefined;
        } catch {
          return true;
        }
      });
  }
}

/** A new beginning, at the first act. */
export function begin(id: string, act: string, now: string, seed?: number): Progress {
  return beginAct({ version, id, startedAt: now, seed, act, acts: {} }, act, now);
}

/** Makes this act the one at work, from its start. */
export function beginAct(progress: Progress, act: string, now: string): Progress {
  const fresh: ActProgress = { phase: 'begun', startedAt: now, tasks: {} };
  return { ...progress, act, acts: { ...progress.acts, [act]: fresh } };
}

/** The act at work. */
export function currentAct(progress: Progress): ActProgress {
  return progress.acts[progress.act] ?? { phase: 'begun', startedAt: progress.startedAt, tasks: {} };
}

/** Whether the learner is still to repair the act at work. */
export function isBroken(progress: Progress): boolean {
  return isBetween(progress, 'broken', 'tasks');
}

/** Whether the act at work is broken or repaired, and not yet recovered: nothing may be restarted or begun anew. */
export function isUnderWay(progress: Progress): boolean {
  return isBetween(progress, 'broken', 'repaired');
}

/**
 * Whether the faults of the act at work are to stay. A repair need not take them away: rules are repaired while requests
 * go on being slow, and a promoted standby leaves the old primary as it is. They go when the next act begins or the
 * exercise ends.
 */
export function keepsItsFaults(progress: Progress): boolean {
  return isBetween(progress, 'broken', 'recovered');
}

function isBetween(progress: Progress, first: ActPhase, last: ActPhase): boolean {
  const at = actPhases.indexOf(currentAct(progress).phase);
  return progress.doneAt === undefined && at >= actPhases.indexOf(first) && at <= actPhases.indexOf(last);
}

/** Goes on to a later phase of the act at work, never back; a phase that has a time notes it. */
export function reach(progress: Progress, phase: ActPhase, at?: string): Progress {
  const act = currentAct(progress);
  if (actPhases.indexOf(phase) <= actPhases.indexOf(act.phase)) return progress;
  const time = at === undefined || !(phase in timeOf) ? {} : { [timeOf[phase as keyof typeof timeOf]]: at };
  return changeAct(progress, { phase, ...time });
}

const timeOf = {
  steady: 'steadyAt',
  broken: 'brokenAt',
  observed: 'observedAt',
  repaired: 'repairedAt',
  recovered: 'recoveredAt',
} as const;

/** Changes the act at work. */
export function changeAct(progress: Progress, change: Partial<ActProgress>): Progress {
  return { ...progress, acts: { ...progress.acts, [progress.act]: { ...currentAct(progress), ...change } } };
}

export function changeTask(
  progress: Progress,
  id: string,
  change: (task: TaskProgress) => TaskProgress,
): Progress {
  const { tasks } = currentAct(progress);
  const task = tasks[id] ?? { attempts: 0, hints: 0, shown: false };
  return changeAct(progress, { tasks: { ...tasks, [id]: change(task) } });
}
