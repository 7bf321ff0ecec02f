import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

/** What can happen to a lab. A view that does not know a kind shows its text. */
export const eventKinds = [
  'inject',
  'revert',
  'heal',
  'load',
  'deploy',
  'rollback',
  'apply',
  'restore',
  'promotion',
  'repoint',
  'rejoin',
  'failback',
  'silence',
  'page',
  'acknowledge',
  'escalate',
  'declare',
  'role',
  'status-update',
  'resolve',
  'postmortem',
  'phase',
  'hint',
  'answer',
  'score',
] as const;
export type EventKind = (typeof eventKinds)[number];

const event = z.object({
  /** ISO time. */
  at: z.string(),
  kind: z.enum(eventKinds),
  /** Who did it. */
  actor: z.enum(['learner', 'ci', 'lab']),
  /** One line for people. */
  text: z.string(),
  /** The exercise that was open. */
  exercise: z.string().optional(),
  act: z.string().optional(),
  /** What a program wants to know of it. */
  details: z.record(z.string(), z.unknown()).optional(),
});

export type LabEvent = z.output<typeof event>;
export type NewEvent = Omit<LabEvent, 'at'> & { readonly at?: string };

/**
 * What happened to the lab, one JSON object a line in `.lab/<name>/events.ndjson`, only ever appended to. Each line is
 * one write, so that two commands may append at once. A line that was cut by a crash is passed over.
 */
export class EventLog {
  readonly path: string;
  readonly #now: () => number;

  constructor(path: string, now: () => number = Date.now) {
    this.path = path;
    this.#now = now;
  }

  append(added: NewEvent): LabEvent {
    const complete: LabEvent = { ...added, at: added.at ?? new Date(this.#now()).toISOString() };
    mkdirSync(dirname(this.path), { recursive: true });
    appendFileSync(this.path, `${JSON.stringify(complete)}\n`);
    return complete;
  }

  /** Every event since that moment, oldest first. */
  read(options: { readonly sinceMs?: number; readonly kinds?: readonly EventKind[] } = {}): LabEvent[] {
    if (!existsSync(this.path)) return [];
    const { sinceMs = 0, kinds } = options;
    return readFileSync(this.path, 'utf8')
      .split('\n')
      .flatMap((line) => {
        try {
          return [event.parse(JSON.parse(line))];
        } catch {
          return [];
        }
      })
      .filter((one) => Date.parse(one.at) >= sinceMs && (kinds === undefined || kinds.includes(one.kind)))
      .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  }
}
