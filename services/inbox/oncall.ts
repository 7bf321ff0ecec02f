import { readFileSync } from 'node:fs';
import { z } from 'zod';

const personSchema = z.object({ name: z.string(), phone: z.string() });
const peopleSchema = z.array(personSchema).min(1);
const termsSchema = z.object({
  phone: z.boolean(),
  secondaryAfterMinutes: z.number().positive(),
  everybodyAfterMinutes: z.number().positive(),
  repeatEveryMinutes: z.number().positive(),
  repeats: z.int().nonnegative(),
});
/** What the lab makes of its on-call file; mistakes of people were found there. */
const scheduleSchema = z.object({
  secondsAMinute: z.number().positive(),
  firstHandoverMs: z.number(),
  defaultTeam: z.string(),
  people: peopleSchema,
  teams: z
    .array(
      z.object({
        team: z.string(),
        services: z.array(z.string()),
        primary: peopleSchema,
        secondary: peopleSchema,
      }),
    )
    .min(1),
  escalation: z.object({ critical: termsSchema, high: termsSchema }),
});

export type Person = z.output<typeof personSchema>;
export type Terms = z.output<typeof termsSchema>;
export type Urgency = 'critical' | 'high';

/** Who answers for a team at a moment. */
export interface OnCall {
  readonly team: string;
  readonly services: readonly string[];
  readonly primary: Person;
  readonly secondary: Person;
  /** When the next two take over; RFC 3339. */
  readonly until: string;
}

const weekMs = 7 * 86_400_000;

/** Who is called for what, and when somebody else is. */
export class OncallSchedule {
  readonly #schedule: z.output<typeof scheduleSchema>;

  constructor(schedule: unknown) {
    this.#schedule = scheduleSchema.parse(schedule);
  }

  /** The schedule in a file; without a file there is none, and a page is a message like others. @throws Error of one line. */
  static read(file: string | undefined): OncallSchedule | undefined {
    if (file === undefined) return undefined;
    try {
      return new OncallSchedule(JSON.parse(readFileSync(file, 'utf8')));
    } catch (error) {
      const [issue] = error instanceof z.ZodError ? error.issues : [];
      const why =
        issue === undefined ? (error as Error).message : `${issue.path.join('.')}: ${issue.message}`;
      throw new Error(`ONCALL_FILE=${file} cannot be read: ${why}`, { cause: error });
    }
  }

  get secondsAMinute(): number {
    return this.#schedule.secondsAMinute;
  }

  get escalation(): Readonly<Record<Urgency, Terms>> {
    return this.#schedule.escalation;
  }

  get people(): readonly Person[] {
    return this.#schedule.people;
  }

  /** The team that a page is for: the one it names, the owner of its service, or the one that takes the rest. */
  teamOf(named: string | undefined, service: string): string {
    const { teams, defaultTeam } = this.#schedule;
    return (
      teams.find(({ team }) => team === named) ??
      teams.find(({ services }) => services.includes(service)) ?? { team: defaultTeam }
    ).team;
  }

  at(atMs: number): OnCall[] {
    const { teams, firstHandoverMs } = this.#schedule;
    const week = Math.floor((atMs - firstHandoverMs) / weekMs);
    const turn = (list: readonly Person[]): Person =>
      list[((week % list.length) + list.length) % list.length] as Person;
    return teams.map(({ team, services, primary, secondary }) => ({
      team,
      services,
      primary: turn(primary),
      secondary: turn(secondary),
      until: new Date(firstHandoverMs + (week + 1) * weekMs).toISOString(),
    }));
  }

  /** Of one team. */
  of(team: string, atMs: number): OnCall {
    const all = this.at(atMs);
    return (all.find((one) => one.team === team) ?? all[0]) as OnCall;
  }
}
