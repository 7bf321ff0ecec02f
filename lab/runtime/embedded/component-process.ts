import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { findProcess, isAlive, type ProcessEntry, type ProcessIdentity } from '../../process/identity.ts';
import { realPathOf } from '../../process/real-path.ts';
import { spawnRecorded } from '../../process/recorded-spawn.ts';
import { processesOf, processTree, signalProcesses } from '../../process/tree.ts';
import { writeFileAtomically } from '../../state/atomic-write.ts';
import { type LabPaths, logFileOf } from '../../state/paths.ts';

/** A command line, ready to run. */
export interface LaunchSpec {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
}

const recordSchema = z.object({ pid: z.int().positive(), startTime: z.string(), startedAt: z.string() });
export type ProcessRecord = z.infer<typeof recordSchema>;

const pollMs = 20;

/** The process of one component: its PID file, its log, the signals it is sent. */
export class ComponentProcess {
  readonly id: string;
  readonly #pidFile: string;
  readonly logFile: string;
  /** Its working directory, by which it is recognised even when no PID file was written. */
  readonly directory: string;

  constructor(id: string, paths: LabPaths) {
    this.id = id;
    this.#pidFile = join(paths.run, `${id}.pid`);
    this.logFile = logFileOf(paths, id);
    this.directory = join(paths.data, id);
  }

  /** What the PID file says, whether that process lives or not. */
  record(): ProcessRecord | undefined {
    try {
      return recordSchema.parse(JSON.parse(readFileSync(this.#pidFile, 'utf8')));
    } catch {
      // Missing, or cut short by a crash: then there is nothing to signal by it.
      return undefined;
    }
  }

  /** The live process, or undefined. */
  find(): (ProcessEntry & { readonly startedAt: string }) | undefined {
    const record = this.record();
    if (record === undefined) return undefined;
    const entry = findProcess(record.pid);
    return entry?.startTime === record.startTime ? { ...entry, startedAt: record.startedAt } : undefined;
  }

  /** Starts it, detached from this command in every way: own session, output to its log, never waited for. */
  async launch(spec: LaunchSpec): Promise<ProcessIdentity> {
    mkdirSync(this.directory, { recursive: true });
    mkdirSync(dirname(this.logFile), { recursive: true });
    const log = openSync(this.logFile, 'a');
    try {
      const { identity } = await spawnRecorded(
        spec.command,
        spec.arguments,
        {
          cwd: this.directory,
          env: spec.environment,
          stdio: ['ignore', log, log],
          uid: spec.uid,
          gid: spec.gid,
        },
        ({ pid, startTime }) =>
          writeFileAtomically(
            this.#pidFile,
            `${JSON.stringify({ pid, startTime, startedAt: new Date().toISOString() })}\n`,
            { durable: false },
          ),
      );
      return identity;
    } finally {
      closeSync(log);
    }
  }

  /** Asks it to finish, and ends it and whatever it started when it has not within the grace period. */
  async stop(signal: NodeJS.Signals, graceMs: number): Promise<void> {
    const root = this.find();
    if (root !== undefined) {
      const tree = processTree(root);
      signalProcesses([root], signal);
      // A paused process handles no signal but SIGKILL until it may go on.
      signalProcesses(tree, 'SIGCONT');
      await this.#gone([root], graceMs);
      // What is left of it, whether it ignored the signal or only forgot a child, ends by force.
      const left = [...tree, ...processTree(root)].filter(isAlive);
      signalProcesses(left, 'SIGKILL');
      await this.#gone(left, 10_000);
    }
    this.forget();
  }

  /** Ends it and all its descendants at once. */
  async kill(): Promise<void> {
    const root = this.find();
    if (root !== undefined) {
      const tree = processTree(root);
      signalProcesses(tree, 'SIGKILL');
      await this.#gone(tree, 10_000);
    }
  }

  /** Stops it and all its descendants in their tracks; connections stay open, nothing answers. */
  pause(): void {
    const root = this.find();
    if (root === undefined) return;
    // Again until nothing new appears: a child may have been born between the look and the signal.
    for (let before = -1, tree = processTree(root); tree.length !== before; tree = processTree(root)) {
      before = tree.length;
      signalProcesses(tree, 'SIGSTOP');
    }
  }

  /** Whether it, or a process that it started, was stopped in its tracks. */
  paused(): boolean {
    const root = this.find();
    return root !== undefined && processTree(root).some(({ state }) => state.startsWith('T'));
  }

  unpause(): void {
    const root = this.find();
    if (root !== undefined) signalProcesses(processTree(root).reverse(), 'SIGCONT');
  }

  /**
   * Ends processes of this component that no PID file tells of: its own program when the PID file is gone, and the
   * tools that prepare a database, which outlive a command that was killed.
   */
  async removeOrphans(executables: readonly string[]): Promise<void> {
    const root = this.find();
    const known = new Set(root === undefined ? [] : processTree(root).map((entry) => entry.pid));
    const orphans = processesOf(realPathOf(this.directory), executables)
      .filter((entry) => !known.has(entry.pid))
      .flatMap((entry) => processTree(entry));
    if (orphans.length === 0) return;
    signalProcesses(orphans, 'SIGKILL');
    await this.#gone(orphans, 10_000);
  }

  forget(): void {
    rmSync(this.#pidFile, { force: true });
  }

  /** The last lines it wrote, for a message. */
  lastLines(count: number): string[] {
    try {
      return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-count);
    } catch {
      return [];
    }
  }

  async #gone(processes: readonly ProcessIdentity[], withinMs: number): Promise<boolean> {
    const deadline = Date.now() + withinMs;
    while (processes.some(isAlive)) {
      if (Date.now() >= deadline) return false;
      await sleep(pollMs);
    }
    return true;
  }
}
