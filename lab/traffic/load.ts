import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import type { LedgerWriter } from './ledger-writer.ts';
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
  /** Where every answer is recorded besides. */
  readonly ledger?: LedgerWriter;
}

export interface RunningLoad {
  snapshot(): TallySnapshot;
  /** Stops sending and waits for the answers under way; after three seconds those are given up and not counted. */
  stop(): Promise<void>;
  /** Resolves when the last sender has ended. */
  readonly ended: Promise<void>;
}

/** What autocannon's client has beyond its published type: it is an emitter, and reads its rate at each turn. */
interface RatedClient {
  rate: number;
  readonly requestIterator: { readonly currentRequest: { readonly kind?: string } };
  on(event: 'request' | 'timeout' | 'connError', listener: () => void): unknown;
  on(event: 'response', listener: (status: number, bytes: number, durationMs: number) => void): unknown;
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
            const own = rotate(names, sender * 7);
            const answer = watch(client as unknown as RatedClient, own[0]!);
            client.setRequests(
              own.map(
                (kind) =>
                  ({
                    ...options.request(kind, sender),
                    kind,
                    // Right before the client's "response" event, which has the duration.
                    onResponse: (status: number, body: string) => {
                      answer.kind = kind;
                      answer.writtenId = kind === 'create-note' && status === 201 ? idOf(body) : undefined;
                    },
                  }) as unknown as autocannon.Request,
              ),
            );
          },
          requests: [{ ...options.request(names[0]!, phase) } as autocannon.Request],
        },
        () => resolve(),
      );
      instances.push(instance);
    });

  let senders = 0;
  const nextSender = (): number => senders++;
  const clients: RatedClient[] = [];
  let underWay = 0;
  const watch = (client: RatedClient, first: string): Answer => {
    const answer: Answer = { kind: first, writtenId: undefined };
    let waiting = false;
    const ended = (): boolean => {
      const was = waiting;
      waiting = false;
      if (was) underWay -= 1;
      return was;
    };
    // A connection that fails while it waits for nothing has cost no request.
    const failed = (): void => {
      if (!ended()) return;
      const now = Date.now();
      tally.failed(now);
      options.ledger?.failed(client.requestIterator.currentRequest.kind ?? answer.kind, now);
    };
    clients.push(client);
    client.on('request', () => {
      // The other side closed the connection: this request gets no answer.
      failed();
      waiting = true;
      underWay += 1;
    });
    client.on('response', (status, _bytes, durationMs) => {
      ended();
      const now = Date.now();
      tally.answered(status, durationMs, now);
      options.ledger?.answered(answer.kind, status, durationMs, now, answer.writtenId);
    });
    client.on('timeout', failed);
    client.on('connError', failed);
    return answer;
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

/** The answer that a connection has just had. */
interface Answer {
  kind: string;
  writtenId: string | undefined;
}

function idOf(body: string): string | undefined {
  try {
    const { id } = JSON.parse(body) as { id?: unknown };
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
