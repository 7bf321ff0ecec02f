import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ProgressCorrupt } from '../errors.ts';
import { writeFileAtomically } from '../state/atomic-write.ts';

/** In order. `start` leads to `broken`; what was reached stays reached. */
export const progressPhases = [
  'baseline',
  'control',
  'broken',
  'observed',
  'tasks',
  'fixed',
  'recovered',
  'done',
] as const;
export type ProgressPhase = (typeof progressPhases)[number];

const taskProgress = z.object({
  attempts: z.number().int().default(0),
  hints: z.number().int().default(0),
  answeredAt: z.string().optional(),
  /** The solution was shown: the answer is not the learner's own. */
  shown: z.boolean().default(false),
});

const schema = z.object({
  version: z.literal(1),
  id: z.string(),
  phase: z.enum(progressPhases),
  startedAt: z.string(),
  brokenAt: z.string().optional(),
  fixedAt: z.string().optional(),
  doneAt: z.string().optional(),
  observedAt: z.string().optional(),
  tasks: z.record(z.string(), taskProgress),
});

export type Progress = z.output<typeof schema>;
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

  read(id: string): Progress | undefined {
    const file = this.#file(id);
    if (!existsSync(file)) return undefined;
    try {
      return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
    } catch (error) {
      const problem =
        error instanceof Error ? error.message.replace(/\s+/g, ' ').slice(0, 120) : String(error);
      throw new ProgressCorrupt(file, problem, id, { cause: error });
    }
  }

  write(progress: Progress): void {
    writeFileAtomically(this.#file(progress.id), `${JSON.stringify(progress, null, 2)}\n`);
  }

  reset(id: string): void {
    rmSync(this.#file(id), { force: true });
  }

  /** The exercises whose break may be active: begun, and not yet repaired. A file that cannot be read counts. */
  open(): string[] {
    if (!existsSync(this.#directory)) return [];
    return readdirSync(this.#directory)
      .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
      .map((name) => name.slice(0, -'.json'.length))
      .filter((id) => {
        try {
          const progress = this.read(id);
          return progress !== undefined && isOpen(progress);
        } catch {
          return true;
        }
      });
  }
}

/** Between the start and the end: traffic runs, and until the repair the fault is wanted. */
export function isOpen(progress: Progress): boolean {
  return progress.phase !== 'done';
}

/** Whether the break belongs to the learner's work at this point. */
export function isBroken(progress: Progress): boolean {
  return progress.phase === 'broken' || progress.phase === 'observed' || progress.phase === 'tasks';
}

/** A new beginning. */
export function begin(id: string, now: string): Progress {
  return { version: 1, id, phase: 'baseline', startedAt: now, tasks: {} };
}

/** Goes on to a later phase; never back. */
export function reach(progress: Progress, phase: ProgressPhase): Progress {
  return progressPhases.indexOf(phase) > progressPhases.indexOf(progress.phase)
    ? { ...progress, phase }
    : progress;
}

export function changeTask(
  progress: Progress,
  id: string,
  change: (task: TaskProgress) => TaskProgress,
): Progress {
  const task = progress.tasks[id] ?? { attempts: 0, hints: 0, shown: false };
  return { ...progress, tasks: { ...progress.tasks, [id]: change(task) } };
}
