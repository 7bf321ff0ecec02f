import { renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rotateEveryMs, rotateOutputs } from '../state/output-files.ts';
import { knownUsers, rememberUsers } from './known-users.ts';
import { ledgerFolder } from './ledger.ts';
import { LedgerWriter } from './ledger-writer.ts';
import { startLoad } from './load.ts';
import { type TrafficProfileName, trafficProfiles } from './profiles.ts';
import { Tally, type TallySnapshot } from './tally.ts';
import { registerUsers, requestOf, type TrafficUser } from './users.ts';

export interface WorkerOptions {
  readonly url: string;
  readonly profile: TrafficProfileName;
  /** Where the tally is written, twice a second; the ledger stands beside it. */
  readonly tallyFile: string;
  /** It ends by itself after this long, whatever becomes of the lab. */
  readonly durationSeconds: number;
  readonly signal: AbortSignal;
}

const writeEveryMs = 500;

/**
 * The body of the traffic process: prepares users, sends the load, and keeps the tally in a file until it is
 * stopped or its time is over. A process of its own, so that whatever the checks compute does not disturb the arrivals.
 */
export async function runTrafficWorker(options: WorkerOptions): Promise<void> {
  const write = (snapshot: TallySnapshot): void => {
    const temporary = `${options.tallyFile}.tmp`;
    writeFileSync(temporary, JSON.stringify(snapshot));
    renameSync(temporary, options.tallyFile);
  };
  const empty = new Tally(Date.now());
  write(empty.snapshot('preparing', Date.now()));
  try {
    const users = await returningUsers(options);
    const ledger = new LedgerWriter(
      join(dirname(options.tallyFile), ledgerFolder, `${Date.now()}-${process.pid}.ndjson`),
    );
    const load = startLoad({
      ledger,
      url: options.url,
      profile: trafficProfiles[options.profile],
      request: (name, sender) => requestOf(name, users, sender),
      durationSeconds: options.durationSeconds,
    });
    write(load.snapshot());
    const timer = setInterval(() => {
      write(load.snapshot());
      ledger.flush(Date.now());
    }, writeEveryMs);
    // Most of what components write is about traffic, and no other command may run for hours.
    const logs = join(dirname(options.tallyFile), 'logs');
    const rotation = setInterval(() => rotateOutputs({ logs }), rotateEveryMs);
    const aborted = new Promise<void>((resolve) =>
      options.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    await Promise.race([load.ended, aborted]);
    clearInterval(timer);
    clearInterval(rotation);
    await load.stop();
    write(load.snapshot());
    ledger.close();
  } catch (error) {
    if (options.signal.aborted) return;
    write(empty.snapshot('failed', Date.now(), error instanceof Error ? error.message : String(error)));
    throw error;
  }
}

/** New users; while nobody can register, those of the last time. People come back although a service is down. */
async function returningUsers({ url, tallyFile, signal }: WorkerOptions): Promise<readonly TrafficUser[]> {
  const folder = dirname(tallyFile);
  try {
    const users = await registerUsers(url, { users: 5, notesEach: 6, signal });
    rememberUsers(folder, users);
    return users;
  } catch (error) {
    signal.throwIfAborted();
    const known = knownUsers(folder);
    if (known === undefined) throw error;
    return known;
  }
}
