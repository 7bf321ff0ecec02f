import { randomUUID } from 'node:crypto';
import { compileRegexp } from '../../regexp/regexp.ts';
import type { Clock } from '../clock.ts';
import type { LabelSet } from '../labels/label-set.ts';
import { Matcher, type MatchOperator, matchesAll } from '../labels/matcher.ts';

export interface SilenceMatcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
}
export interface Silence {
  readonly id: string;
  readonly matchers: readonly SilenceMatcher[];
  readonly startsAt: number;
  readonly endsAt: number;
  readonly updatedAt: number;
  readonly createdBy: string;
  readonly comment: string;
}
export type SilenceState = 'active' | 'pending' | 'expired';

/** A silence that cannot be taken; `notFound` when the ID to be changed is unknown. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';
  readonly notFound: boolean;
  constructor(message: string, options: { notFound?: boolean } = {}) {
    super(message);
    this.notFound = options.notFound ?? false;
  }
}

export interface SilencesOptions {
  readonly clock: Clock;
  readonly retentionMs: number;
  readonly maxSilences: number;
  /** Called after every change. */
  readonly changed?: () => void;
}
interface Entry {
  readonly silence: Silence;
  readonly compiled: readonly Matcher[];
}

/** Silences with their life: pending, active, expired, forgotten after the retention. */
export class Silences {
  readonly #entries = new Map<string, Entry>();
  readonly #options: SilencesOptions;

  constructor(options: SilencesOptions) {
    this.#options = options;
  }

  /** Creates a silence, or changes the one whose ID it bears; what cannot change in place is expired and replaced. */
  set(input: Omit<Silence, 'updatedAt'>): string {
    const now = this.#options.clock.now();
    this.collect();
    const compiled = validate(input);
    let { id, startsAt } = input;
    const previous = id === '' ? undefined : this.#entries.get(id)?.silence;
    if (id !== '' && previous === undefined) throw new SilenceError('silence not found', { notFound: true });
    const inPlace = previous !== undefined && canUpdate(previous, input, now);
    if (!inPlace) {
      if (this.#entries.size >= this.#options.maxSilences)
        throw new SilenceError(
          `exceeded maximum number of silences: ${this.#entries.size} (limit: ${this.#options.maxSilences})`,
        );
      if (previous !== undefined && stateOf(previous, now) !== 'expired') this.expire(previous.id);
      id = randomUUID();
      startsAt = Math.max(startsAt, now);
    }
    this.#entries.set(id, { silence: { ...input, id, startsAt, updatedAt: now }, compiled });
    this.#options.changed?.();
    return id;
  }

  /** Ends a silence now. Returns false when there is none of this ID. */
  expire(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    const now = this.#options.clock.now();
    const state = stateOf(entry.silence, now);
    if (state === 'expired') return true;
    const startsAt = state === 'pending' ? now : entry.silence.startsAt;
    this.#entries.set(id, { ...entry, silence: { ...entry.silence, startsAt, endsAt: now, updatedAt: now } });
    this.#options.changed?.();
    return true;
  }

  get(id: string): Silence | undefined {
    this.collect();
    return this.#entries.get(id)?.silence;
  }

  all(): Silence[] {
    this.collect();
    return [...this.#entries.values()].map(({ silence }) => silence);
  }

  state(silence: Silence): SilenceState {
    return stateOf(silence, this.#options.clock.now());
  }

  /** IDs of the active silences that match. */
  silencedBy(labels: LabelSet, now: number): string[] {
    const found: string[] = [];
    for (const { silence, compiled } of this.#entries.values())
      if (stateOf(silence, now) === 'active' && matchesAll(compiled, labels)) found.push(silence.id);
    return found.sort();
  }

  /** Puts back what was saved; entries that are no silences are dropped. */
  restore(silences: readonly Silence[]) {
    for (const silence of silences)
      try {
        this.#entries.set(silence.id, { silence, compiled: validate(silence) });
      } catch {
        // A damaged entry must not keep the server from starting.
      }
  }

  /** Forgets silences that expired longer ago than the retention. */
  collect() {
    const oldest = this.#options.clock.now() - this.#options.retentionMs;
    for (const [id, { silence }] of this.#entries) if (silence.endsAt < oldest) this.#entries.delete(id);
  }
}

export function stateOf(silence: Silence, now: number): SilenceState {
  if (now < silence.startsAt) return 'pending';
  return now >= silence.endsAt ? 'expired' : 'active';
}

function canUpdate(previous: Silence, next: Omit<Silence, 'updatedAt'>, now: number): boolean {
  if (JSON.stringify(previous.matchers) !== JSON.stringify(next.matchers)) return false;
  switch (stateOf(previous, now)) {
    case 'active':
      return Math.floor(next.startsAt / 1000) === Math.floor(previous.startsAt / 1000) && next.endsAt >= now;
    case 'pending':
      return next.startsAt >= now;
    case 'expired':
      return false;
  }
}

function validate(silence: Omit<Silence, 'updatedAt'>): Matcher[] {
  const compiled = silence.matchers.map(({ name, value, isRegex, isEqual }, index) => {
    const where = `invalid silence: invalid label matcher ${index} in set 0:`;
    if (name === '') throw new SilenceError(`${where} invalid label name ""`);
    const operator = `${isEqual ? (isRegex ? '=' : '') : '!'}${isRegex ? '~' : '='}` as MatchOperator;
    try {
      // On its own first, so that the message shows what was written.
      if (isRegex) compileRegexp(value);
      return new Matcher(name, operator, value);
    } catch (error) {
      throw new SilenceError(
        `${where} invalid regular expression ${JSON.stringify(value)}: ${(error as Error).message}`,
      );
    }
  });
  // Only matchers that demand something are asked: one that excludes a value does not count as matching nothing.
  if (compiled.every((matcher) => matcher.isEqual && matcher.matchesValue('')))
    throw new SilenceError(
      'invalid silence: matcher set 0: at least one matcher must not match the empty string',
    );
  return compiled;
}
