import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { rotate, spreadMix } from './mix.ts';
import type { TrafficProfile } from './profiles.ts';
import { Tally, type TallySnapshot } from './tally.ts';
import type { TrafficRequest } from './users.ts';

export interface LoadOptions {
  readonly url: string;
  readonly profile: TrafficProfile;
  readonly request: (name: string, sender: number) => TrafficRequest;
  /** It ends by itself after this long. */
  readonly durationSeconds: number;
  readonly timeoutSeconds?: number;
}

export interface RunningLoad {
  snapshot(): TallySnapshot;
  /** Stops sending and waits for the answers under way; after three seconds those are given up and not counted. */
  stop(): Promise<void>;
  /** Resolves when the last sender has ended. */
  readonly ended: Promise<void>;
}

/** What autocannon's client has besides its published type: it is an emitter, and its rate is read at each turn. */
interface RatedClient {
  rate: number;
  on(event: 'request' | 'response' | 'timeout' | 'connError', listener: () => void): unknown;
}

const drainMs = 3_000;

/**
 * Sends a mix at a constant rate with autocannon. A rate-limited autocannon connection sends at the turn of its own
 * second, and connections of one run share that moment; so one run is started for each phase of the second, which
 * spreads the requests. Each connection sends one request a second, so a slow answer delays no other request.
 * The client's own log of answers is the tally; autocannon's correction for coordinated omission stays off, because it
 * adds answers that nobody received.
 */
export function startLoad(options: LoadOptions): RunningLoad {
  const { profile } = options;
  const perPhase = Math.max(1, Math.round(profile.requestsPerSecond / profile.phases));
  const round = spreadMix(profile.mix);
  const tally = new Tally(Date.now());
  const instances: autocannon.Instance[] = [];
  const ends: Promise<void>[] = [];
  let stopped = false;

  const startPhase = (phase: number): Promise<void> =>
    new Promise<void>((resolve) => {
      const names = rotate(round, phase);
      const instance = autocannon(
        {
          url: options.url,
          connections: perPhase,
          connectionRate: 1,
          duration: options.durationSeconds,
          timeout: options.timeoutSeconds ?? 10,
          ignoreCoordinatedOmission: true,
          skipAggregateResult: true,
          idReplacement: true,
          // Each connection begins elsewhere in the round, and acts for another user.
          setupClient: (client) => {
            const sender = nextSender();
            watch(client as unknown as RatedClient);
            client.setRequests(
              rotate(names, sender * 7).map(
                (name) => ({ ...options.request(name, sender) }) as autocannon.Request,
              ),
            );
          },
          requests: [{ ...options.request(names[0]!, phase) } as autocannon.Request],
        },
        () => resolve(),
      );
      instance.on('response', (_client, status, _bytes, durationMs) =>
        tally.answered(status, durationMs, Date.now()),
      );
      instance.on('reqError', () => tally.failed(Date.now()));
      instances.push(instance);
    });

  let senders = 0;
  const nextSender = (): number => senders++;
  const clients: RatedClient[] = [];
  let underWay = 0;
  const watch = (client: RatedClient): void => {
    clients.push(client);
    client.on('request', () => {
      underWay += 1;
    });
    for (const end of ['response', 'timeout', 'connError'] as const) {
      client.on(end, () => {
        underWay -= 1;
      });
    }
  };
  for (let phase = 0; phase < profile.phases; phase += 1) {
    ends.push(
      new Promise<void>((resolve) => {
        const begin = (): void => {
          if (stopped) resolve();
          else void startPhase(phase).then(resolve);
        };
        setTimeout(begin, (phase * 1000) / profile.phases);
      }),
    );
  }
  const ended = Promise.all(ends).then(() => {});
  return {
    snapshot: () => tally.snapshot(stopped ? 'stopped' : 'running', Date.now()),
    ended,
    async stop() {
      stopped = true;
      // autocannon stops at the turn of a second, right after it has sent again: a rate below zero ends that first.
      for (const client of clients) client.rate = -1;
      for (const until = Date.now() + drainMs; underWay > 0 && Date.now() < until; ) await sleep(20);
      for (const instance of instances) instance.stop?.();
      await ended;
    },
  };
}
