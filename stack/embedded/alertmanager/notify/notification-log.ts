import type { Clock } from '../clock.ts';

/** What was last told to one integration of a receiver about one group. */
export interface LogEntry {
  readonly at: number;
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  readonly expiresAt: number;
}
export interface NotificationLogOptions {
  readonly clock: Clock;
  readonly retentionMs: number;
  readonly maxEntries: number;
  readonly changed?: () => void;
}

/** Remembers notifications, so that the same one goes out once, and again only after repeat_interval. */
export class NotificationLog {
  readonly #entries = new Map<string, LogEntry>();
  readonly #options: NotificationLogOptions;

  constructor(options: NotificationLogOptions) {
    this.#options = options;
  }

  get(key: string): LogEntry | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.expiresAt > this.#options.clock.now() ? entry : undefined;
  }

  record(key: string, firing: readonly string[], resolved: readonly string[], repeatIntervalMs: number) {
    const at = this.#options.clock.now();
    const expiresAt = at + Math.min(this.#options.retentionMs, Math.max(2 * repeatIntervalMs, 1));
    this.#entries.delete(key);
    this.#entries.set(key, { at, firing, resolved, expiresAt });
    // The oldest goes first: at worst a group is notified once more.
    while (this.#entries.size > this.#options.maxEntries)
      this.#entries.delete(this.#entries.keys().next().value ?? '');
    this.#options.changed?.();
  }

  all(): [string, LogEntry][] {
    const now = this.#options.clock.now();
    for (const [key, entry] of this.#entries) if (entry.expiresAt <= now) this.#entries.delete(key);
    return [...this.#entries];
  }

  restore(entries: readonly (readonly [string, LogEntry])[]) {
    for (const [key, entry] of entries) this.#entries.set(key, entry);
  }
}

export type NotificationReason =
  | 'first notification'
  | 'new alerts added'
  | 'some alerts resolved'
  | 'all alerts resolved'
  | 'repeat interval elapsed';

/** Whether, and why, a group must be told again; undefined when nothing changed. */
export function notificationReason(
  entry: LogEntry | undefined,
  firing: readonly string[],
  resolved: readonly string[],
  options: { readonly sendResolved: boolean; readonly repeatIntervalMs: number; readonly now: number },
): NotificationReason | undefined {
  if (entry === undefined) return firing.length > 0 ? 'first notification' : undefined;
  const knownFiring = new Set(entry.firing);
  if (firing.some((hash) => !knownFiring.has(hash))) return 'new alerts added';
  // Also when resolved alerts are not sent: the log must forget what fired.
  if (firing.length === 0) return entry.firing.length > 0 ? 'all alerts resolved' : undefined;
  const knownResolved = new Set(entry.resolved);
  if (options.sendResolved && resolved.some((hash) => !knownResolved.has(hash)))
    return 'some alerts resolved';
  return entry.at < options.now - options.repeatIntervalMs ? 'repeat interval elapsed' : undefined;
}
