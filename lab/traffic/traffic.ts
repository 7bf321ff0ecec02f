import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { TrafficFailed } from '../errors.ts';
import { isAlive, type ProcessIdentity } from '../process/identity.ts';
import { Patience } from '../process/patience.ts';
import { type RecordedChild, spawnRecorded } from '../process/recorded-spawn.ts';
import type { RunningLab } from '../runtime/runtime.ts';
import { writeFileAtomically } from '../state/atomic-write.ts';
import type { TrafficProfileName } from './profiles.ts';
import { type TallySnapshot, tallySchema } from './tally.ts';

const record = z.object({
  pid: z.number().int().positive(),
  startTime: z.string(),
  profile: z.string(),
  since: z.string(),
  until: z.string(),
});
export type TrafficRecord = z.output<typeof record>;

export interface TrafficOptions {
  readonly profile: TrafficProfileName;
  /** At most half an hour; it ends by itself. */
  readonly durationSeconds: number;
  /** Ends with this process (unattended runs) instead of outliving it (a learner's exercise). */
  readonly tied: boolean;
  readonly signal?: AbortSignal;
}

/** A small heap and a small young generation: the traffic shares a laptop with thirteen other processes. */
const lean = ['--max-old-space-size=96', '--max-semi-space-size=2'];
const readyWithinMs = 30_000;
const stopWithinMs = 5_000;
const lookEveryMs = 500;

/**
 * The lab's traffic: one process for one lab, named in `.lab/<name>/traffic.json`, so that any later command finds it.
 * The tally stands in `.lab/<name>/traffic-tally.json`.
 */
export class Traffic {
  readonly #lab: Pick<RunningLab, 'directory' | 'address'>;
  readonly #recordFile: string;
  readonly #tallyFile: string;
  /** The program to run and its arguments before the worker's own. */
  readonly #command: readonly string[];
  /** Kept so that the pipe of a tied process stays open as long as this one lives. */
  #child: RecordedChild | undefined;

  constructor(
    lab: Pick<RunningLab, 'directory' | 'address'>,
    command: readonly string[] = [process.execPath, ...lean, process.argv[1] ?? '', 'traffic-worker'],
  ) {
    this.#lab = lab;
    this.#command = command;
    this.#recordFile = join(lab.directory, 'traffic.json');
    this.#tallyFile = join(lab.directory, 'traffic-tally.json');
  }

  /** The process that sends now, if one does. */
  running(): TrafficRecord | undefined {
    if (!existsSync(this.#recordFile)) return undefined;
    try {
      const found = record.parse(JSON.parse(readFileSync(this.#recordFile, 'utf8')));
      return isAlive(found) ? found : undefined;
    } catch {
      return undefined;
    }
  }

  /** The client's own count, as of at most half a second ago. */
  tally(): TallySnapshot | undefined {
    try {
      return tallySchema.parse(JSON.parse(readFileSync(this.#tallyFile, 'utf8')));
    } catch {
      return undefined;
    }
  }

  /** Starts the traffic, unless it runs; another profile than the running one replaces it. Resolves when requests are being sent. */
  async start(options: TrafficOptions): Promise<TrafficRecord> {
    const already = this.running();
    if (already?.profile === options.profile) return already;
    if (already !== undefined) await this.stop();
    rmSync(this.#tallyFile, { force: true });
    const url = this.#lab.address('gateway', 'http', 'host').url;
    const now = Date.now();
    const entryOf = (identity: ProcessIdentity): TrafficRecord => ({
      ...identity,
      profile: options.profile,
      since: new Date(now).toISOString(),
      until: new Date(now + options.durationSeconds * 1000).toISOString(),
    });
    const entry = entryOf(
      await this.#spawn(options, url, (identity) =>
        writeFileAtomically(this.#recordFile, `${JSON.stringify(entryOf(identity), null, 2)}\n`),
      ),
    );
    const patience = new Patience(readyWithinMs);
    for (;;) {
      const tally = this.tally();
      if (tally?.state === 'running' && tally.requests > 0) return entry;
      const problem =
        tally?.state === 'failed'
          ? (tally.reason ?? 'no reason given')
          : !isAlive(entry)
            ? 'its process ended at once'
            : patience.isOver()
              ? `no answer within ${Math.round(patience.elapsedMs / 1000)} s`
              : undefined;
      if (problem !== undefined || options.signal?.aborted) {
        await this.stop();
        options.signal?.throwIfAborted();
        throw new TrafficFailed(problem ?? 'interrupted');
      }
      await sleep(50);
    }
  }

  async #spawn(
    options: TrafficOptions,
    url: string,
    record: (identity: ProcessIdentity) => void,
  ): Promise<ProcessIdentity> {
    const [program = '', ...before] = this.#command;
    const log = openSync(join(this.#lab.directory, 'traffic.log'), 'w');
    try {
      const { child, identity } = await spawnRecorded(
        program,
        [
          ...before,
          ...['--url', url, '--profile', options.profile, '--tally', this.#tallyFile],
          ...['--seconds', String(options.durationSeconds), ...(options.tied ? ['--tied'] : [])],
        ],
        // A group of its own: Ctrl-C at the terminal reaches the command, which then stops the traffic.
        { stdio: [options.tied ? 'pipe' : 'ignore', 'ignore', log] },
        record,
      );
      (child.stdin as unknown as { unref?(): void } | null)?.unref?.();
      child.stdin?.on('error', () => {});
      this.#child = child;
      return identity;
    } catch (error) {
      throw new TrafficFailed(error instanceof Error ? error.message : String(error));
    } finally {
      closeSync(log);
    }
  }

  /**
   * Waits for `forMs`, or until this traffic is gone: another command may stop it, or send another in its place. Returns
   * whether it lasted.
   */
  async lasts(started: TrafficRecord, forMs: number, signal?: AbortSignal): Promise<boolean> {
    const endMs = Date.now() + forMs;
    for (let leftMs = forMs; leftMs > 0; leftMs = endMs - Date.now()) {
      if (!isAlive(started)) return false;
      await sleep(Math.min(leftMs, lookEveryMs), undefined, { signal });
    }
    return true;
  }

  /** Stops the traffic and waits until its process is gone; the tally stays readable. Safe when nothing runs. */
  async stop(): Promise<void> {
    const current = this.running();
    if (current !== undefined) {
      signalProcess(current.pid, 'SIGTERM');
      const patience = new Patience(stopWithinMs);
      while (isAlive(current)) {
        if (patience.isOver()) signalProcess(current.pid, 'SIGKILL');
        await sleep(20);
      }
    }
    this.#child?.stdin?.destroy();
    this.#child = undefined;
    rmSync(this.#recordFile, { force: true });
  }
}

/** Stops whatever traffic this lab's folder names, also when nothing else of the lab runs. */
export async function stopTraffic(directory: string): Promise<void> {
  const unreachable = (): never => {
    throw new Error('traffic is only being stopped');
  };
  await new Traffic({ directory, address: unreachable }).stop();
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
