import { z } from 'zod';
import { type IncidentState, incidentStates } from '../../services/contract/status-words.ts';
import type { EventLog, LabEvent } from '../events/event-log.ts';
import { isAtLeast, type Severity, severities } from './severity.ts';
import { onceEach } from './status-edits.ts';

export { type IncidentState, incidentStates as states };

export const roles = ['commander', 'operations', 'communications', 'scribe'] as const;
export type Role = (typeof roles)[number];

export interface StatusUpdate {
  readonly atMs: number;
  readonly state: IncidentState;
  /** For users. */
  readonly message: string;
}

/** That the severity was raised or lowered, and why. */
export interface Grade {
  readonly atMs: number;
  readonly from: Severity;
  readonly to: Severity;
  readonly reason: string;
}

export interface Incident {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly state: IncidentState;
  readonly declaredAtMs: number;
  readonly resolvedAtMs?: number;
  readonly roles: Readonly<Partial<Record<Role, string>>>;
  /** Since when it has its severity. */
  readonly gradedAtMs: number;
  readonly grades: readonly Grade[];
  /** When somebody first took a role. */
  readonly assignedAtMs?: number;
  readonly updates: readonly StatusUpdate[];
}

const details = z.object({
  incident: z.string(),
  title: z.string().default(''),
  severity: z.enum(severities).optional(),
  role: z.enum(roles).optional(),
  person: z.string().default(''),
  reason: z.string().default(''),
  state: z.enum(incidentStates).optional(),
  message: z.string().default(''),
});

const incidentKinds = ['declare', 'escalate', 'role', 'status-update', 'resolve'] as const;

/** Every incident that the event log tells of, oldest first: the log is its only record. */
export function incidentsOf(events: readonly LabEvent[]): Incident[] {
  const incidents = new Map<string, Incident>();
  for (const event of onceEach(events)) {
    const read = details.safeParse(event.details);
    if (!(incidentKinds as readonly string[]).includes(event.kind) || !read.success) continue;
    const { incident: id, title, severity, role, person, reason, state, message } = read.data;
    const atMs = Date.parse(event.at);
    const known = incidents.get(id);
    if (event.kind === 'declare') {
      incidents.set(id, {
        id,
        title,
        severity: severity ?? 'SEV4',
        state: 'investigating',
        declaredAtMs: atMs,
        gradedAtMs: atMs,
        grades: [],
        roles: {},
        updates: [],
      });
    } else if (known !== undefined) {
      const next = state ?? known.state;
      incidents.set(id, {
        ...known,
        ...(severity !== undefined && {
          severity,
          gradedAtMs: atMs,
          grades: [...known.grades, { atMs, from: known.severity, to: severity, reason }],
        }),
        state: next,
        ...(next === 'resolved' && { resolvedAtMs: known.resolvedAtMs ?? atMs }),
        ...(role !== undefined && {
          roles: { ...known.roles, [role]: person },
          assignedAtMs: known.assignedAtMs ?? atMs,
        }),
        updates: state === undefined ? known.updates : [...known.updates, { atMs, state, message }],
      });
    }
  }
  return [...incidents.values()];
}

/** The incidents of one lab: each step is an event, and the state is what the events add up to. */
export class Incidents {
  readonly #events: EventLog;
  readonly #actor: LabEvent['actor'];

  constructor(events: EventLog, actor: LabEvent['actor'] = 'learner') {
    this.#events = events;
    this.#actor = actor;
  }

  all(): Incident[] {
    return incidentsOf(this.#events.read({ kinds: incidentKinds }));
  }

  /** The one that is not resolved yet. */
  open(): Incident | undefined {
    return this.all().findLast(({ state }) => state !== 'resolved');
  }

  declare(title: string, severity: Severity): Incident {
    const id = `INC-${this.all().length + 1}`;
    this.#append('declare', `${id} declared as ${severity}: ${title}`, { incident: id, title, severity });
    return this.#find(id);
  }

  /** Escalates or de-escalates it. */
  grade({ id, severity: before }: Incident, severity: Severity, reason: string): Incident {
    const word = isAtLeast(severity, before) ? 'escalated' : 'de-escalated';
    this.#append('escalate', `${id} ${word} from ${before} to ${severity}: ${reason}`, {
      incident: id,
      severity,
      reason,
    });
    return this.#find(id);
  }

  assign({ id }: Incident, role: Role, person: string): Incident {
    this.#append('role', `${id}: ${person} is ${role}`, { incident: id, role, person });
    return this.#find(id);
  }

  update({ id }: Incident, state: IncidentState, message: string): Incident {
    const kind = state === 'resolved' ? 'resolve' : 'status-update';
    this.#append(kind, `${id} ${state}: ${message}`, { incident: id, state, message });
    return this.#find(id);
  }

  #append(
    kind: (typeof incidentKinds)[number],
    text: string,
    about: { readonly incident: string } & Record<string, string>,
  ): void {
    this.#events.append({ kind, actor: this.#actor, text, details: about });
  }

  #find(id: string): Incident {
    const found = this.all().find((one) => one.id === id);
    if (found === undefined) throw new Error(`${id} was written to the event log and is not in it`);
    return found;
  }
}
