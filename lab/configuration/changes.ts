import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { EventLog } from '../events/event-log.ts';
import { findProcess, isAlive } from '../process/identity.ts';
import type { RunningLab } from '../runtime/runtime.ts';
import { writeFileAtomically } from '../state/atomic-write.ts';
import { type ConfigFile, configurable } from './config-file.ts';
import { type ConfigContents, installConfig, restoreConfig } from './install.ts';

const change = z.object({
  component: z.string(),
  path: z.string(),
  changedAt: z.string(),
  /** Set while the file is being installed: whose process does it, and what stood there before. */
  installing: z
    .object({ pid: z.number().int(), startTime: z.string(), before: z.string().nullable() })
    .optional(),
});
const file = z.object({ version: z.literal(1), changes: z.array(change) });

export type Change = z.output<typeof change>;

/**
 * What a person changed on purpose in the components' files: `.lab/<name>/changes.json`. Unlike a fault, `heal` leaves
 * it; `exercise reset`, the next act and `down` undo it. An entry is on disk before its file is touched, so that a
 * command which is killed in the middle leaves enough behind to go back.
 */
export class Changes {
  readonly path: string;
  readonly #lab: RunningLab;
  readonly #events: EventLog;

  constructor(path: string, lab: RunningLab, events: EventLog) {
    this.path = path;
    this.#lab = lab;
    this.#events = events;
  }

  /** What differs from the stack's own files. A file that cannot be understood is read as empty. */
  list(): readonly Change[] {
    if (!existsSync(this.path)) return [];
    try {
      return file.parse(JSON.parse(readFileSync(this.path, 'utf8'))).changes;
    } catch {
      return [];
    }
  }

  /**
   * Installs a file of a person; all or nothing.
   * @throws LAB_CONFIG_INVALID, LAB_CONFIG_REJECTED, LAB_COMPONENT_NOT_READY
   */
  async apply(
    { component, path }: ConfigFile,
    content: string,
    about: Partial<NewApply> = {},
  ): Promise<void> {
    const earlier = this.list().find((one) => one.path === path);
    const before = this.#lab.readConfig(path) ?? null;
    const changedAt = new Date().toISOString();
    const startTime = findProcess(process.pid)?.startTime ?? '';
    this.#put({ component, path, changedAt, installing: { pid: process.pid, startTime, before } });
    try {
      await installConfig(this.#lab, component, { [path]: content }, about.signal);
    } catch (error) {
      // It has its old file back, or was never touched.
      if (earlier === undefined) this.#remove(path);
      else this.#put(earlier);
      throw error;
    }
    this.#put({ component, path, changedAt });
    this.#events.append({
      kind: 'apply',
      actor: about.actor ?? 'learner',
      text: `${component} reads another ${path}`,
      exercise: about.exercise,
      act: about.act,
      details: { component, path },
    });
  }

  /** Gives every component the stack's own files back, or only those of `which`. Returns what was undone. */
  async undo(which: (change: Change) => boolean = () => true): Promise<readonly Change[]> {
    const chosen = this.list().filter(which);
    for (const component of configurable) {
      const own = chosen.filter((one) => one.component === component);
      if (own.length === 0) continue;
      const contents: ConfigContents = Object.fromEntries(
        own.map(({ path }) => [path, this.#lab.declaredConfig(path)]),
      );
      await restoreConfig(this.#lab, component, contents);
      for (const { path } of own) {
        this.#remove(path);
        this.#events.append({
          kind: 'restore',
          actor: 'lab',
          text: `${component} reads its own ${path} again`,
          details: { component, path },
        });
      }
    }
    return chosen;
  }

  /** Goes back where a command was killed while it installed a file. Returns what was undone. */
  async undoUnfinished(): Promise<readonly Change[]> {
    const unfinished = this.list().filter((one) => one.installing !== undefined && !isAlive(one.installing));
    for (const { component, path, installing } of unfinished) {
      await restoreConfig(this.#lab, component, { [path]: installing!.before ?? undefined });
      if (installing!.before === (this.#lab.declaredConfig(path) ?? null)) this.#remove(path);
      else this.#put({ component, path, changedAt: new Date().toISOString() });
    }
    return unfinished;
  }

  #put(added: Change): void {
    this.#write([...this.list().filter((one) => one.path !== added.path), added]);
  }

  #remove(path: string): void {
    this.#write(this.list().filter((one) => one.path !== path));
  }

  #write(changes: readonly Change[]): void {
    writeFileAtomically(this.path, `${JSON.stringify({ version: 1, changes }, null, 2)}\n`);
  }
}

/** Who applied a file, and when in the course. */
export interface NewApply {
  readonly actor: 'learner' | 'ci';
  readonly exercise: string;
  readonly act: string;
  readonly signal: AbortSignal;
}
