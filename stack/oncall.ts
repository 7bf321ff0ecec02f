import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import type { Pace } from './pace.ts';

/** What is wrong with an on-call file, one line for each mistake. */
export class OncallError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join(' '));
    this.name = 'OncallError';
    this.problems = problems;
  }
}

const name = /^[a-z][a-z0-9-]{0,31}$/;
const key = z.string().regex(name, 'must be 1 to 32 lower-case letters, digits or hyphens, a letter first');
const line = (what: string) =>
  z
    .string(`${what} must be text`)
    .trim()
    .min(1, `${what} is empty`)
    .max(80, `${what} is longer than 80 characters`);
const minutes = z
  .string('must be a time, such as 15m or 1h')
  .regex(/^[1-9]\d{0,3}(m|h)$/, 'must be a time, such as 15m or 1h')
  .transform((text) => Number(text.slice(0, -1)) * (text.endsWith('h') ? 60 : 1));
const people = z.array(key).min(1, 'must name somebody').max(52, 'must name at most 52');

const terms = z
  .strictObject({
    /** It rings at once, and does not only show. */
    phone: z.boolean('must be true or false'),
    secondary_after: minutes,
    everybody_after: minutes,
    repeat_every: minutes,
    repeats: z.int('must be a whole number').min(0, 'must be 0 to 20').max(20, 'must be 0 to 20'),
  })
  .refine(({ secondary_after, everybody_after }) => everybody_after > secondary_after, {
    path: ['everybody_after'],
    message: 'must be later than secondary_after',
  });

const moment = z
  .union([z.date(), z.string()], 'must be a moment, such as 2026-01-05T09:00:00Z')
  .transform((value) => (value instanceof Date ? value.getTime() : Date.parse(value)))
  .refine(Number.isFinite, 'must be a moment, such as 2026-01-05T09:00:00Z');

const schema = z
  .strictObject({
    people: z.record(
      key,
      z.strictObject({
        name: line('the name'),
        phone: z.string('must be text').regex(/^\+[\d ]{6,20}$/, 'must be a number such as +1 555 0100'),
      }),
    ),
    first_handover: moment,
    teams: z
      .record(
        key,
        z.strictObject({ services: z.array(line('a service')).max(50), primary: people, secondary: people }),
      )
      .refine((teams) => Object.keys(teams).length > 0, 'must have a team')
      .refine((teams) => Object.keys(teams).length <= 20, 'must have at most 20'),
    default_team: key,
    escalation: z.strictObject({ critical: terms, high: terms }),
  })
  .check(({ value: oncall, issues }) => {
    const add = (path: readonly string[], message: string): void => {
      issues.push({ code: 'custom', path: [...path], message, input: oncall });
    };
    const ownerOf = new Map<string, string>();
    for (const [team, { services, primary, secondary }] of Object.entries(oncall.teams)) {
      for (const [list, ids] of Object.entries({ primary, secondary })) {
        for (const id of new Set(ids))
          if (!(id in oncall.people)) add(['teams', team, list], `"${id}" is none of people`);
      }
      for (const service of services) {
        const owner = ownerOf.get(service);
        if (owner !== undefined)
          add(
            ['teams', team, 'services'],
            `"${service}" is ${owner === team ? 'twice there' : `of ${owner} already`}`,
          );
        ownerOf.set(service, team);
      }
      const clash = weeks(primary.length, secondary.length).find(
        (week) => primary[week % primary.length] === secondary[week % secondary.length],
      );
      if (clash !== undefined) {
        const id = primary[clash % primary.length];
        add(['teams', team], `"${id}" is primary and secondary in week ${clash + 1}`);
      }
    }
    if (!(oncall.default_team in oncall.teams))
      add(['default_team'], `"${oncall.default_team}" is no team: ${Object.keys(oncall.teams).join(', ')}`);
  });

export type Oncall = z.output<typeof schema>;
export type EscalationTerms = z.output<typeof terms>;

/** Weeks until both lists begin together again. */
const weeks = (one: number, other: number): number[] =>
  Array.from({ length: one * other }, (_, index) => index);

/** Reads an on-call file. @throws OncallError with every mistake, each where it stands. */
export function parseOncall(text: string): Oncall {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    throw new OncallError(
      document.errors.map(({ message, pos }) => {
        const [first = ''] = message.split('\n');
        return `line ${lines.linePos(pos[0]).line}: ${first.replace(/ at line \d+, column \d+:?$/, '')}.`;
      }),
    );
  }
  const parsed = schema.safeParse(document.toJS());
  if (parsed.success) return parsed.data;
  throw new OncallError(
    parsed.error.issues.flatMap((issue) => {
      const at = (path: readonly PropertyKey[]): string => {
        const node = document.getIn(path.map(String), true) as
          | { range?: [number, number, number] }
          | undefined;
        const place = node?.range === undefined ? '' : `line ${lines.linePos(node.range[0]).line}, `;
        return `${place}${path.length === 0 ? 'the file' : path.map(String).join('.')}`;
      };
      if (issue.code === 'unrecognized_keys')
        return issue.keys.map((one) => `${at([...issue.path, one])}: is nothing that is known here.`);
      if (issue.code === 'invalid_key')
        return [`${at(issue.path)}: ${issue.issues[0]?.message ?? 'is no name'}.`];
      const missing = issue.code === 'invalid_type' && document.getIn(issue.path.map(String)) === undefined;
      return [
        `${at(issue.path)}: ${missing ? 'is missing' : issue.message.replace(/^Invalid input: /, '')}.`,
      ];
    }),
  );
}

const weekMs = 7 * 86_400_000;

export interface Shift {
  readonly team: string;
  readonly services: readonly string[];
  readonly primary: string;
  readonly secondary: string;
  /** When the next two take over. */
  readonly untilMs: number;
}

/** Who is on call for each team at a moment, by the calendar. */
export function shiftsAt(oncall: Oncall, atMs: number): Shift[] {
  const week = Math.floor((atMs - oncall.first_handover) / weekMs);
  const of = (list: readonly string[]): string =>
    oncall.people[list[((week % list.length) + list.length) % list.length]!]!.name;
  return Object.entries(oncall.teams).map(([team, { services, primary, secondary }]) => ({
    team,
    services,
    primary: of(primary),
    secondary: of(secondary),
    untilMs: oncall.first_handover + (week + 1) * weekMs,
  }));
}

/** The file as the inbox reads it: JSON, with people in full and the lab's own minute. @throws OncallError. */
export function renderOncall(text: string, pace: Pace): string {
  const oncall = parseOncall(text);
  const named = (ids: readonly string[]) => ids.map((id) => oncall.people[id]!);
  return `${JSON.stringify(
    {
      secondsAMinute: pace.secondsAMinute,
      firstHandoverMs: oncall.first_handover,
      defaultTeam: oncall.default_team,
      people: Object.values(oncall.people),
      teams: Object.entries(oncall.teams).map(([team, { services, primary, secondary }]) => ({
        team,
        services,
        primary: named(primary),
        secondary: named(secondary),
      })),
      escalation: Object.fromEntries(
        Object.entries(oncall.escalation).map(([severity, one]) => [
          severity,
          {
            phone: one.phone,
            secondaryAfterMinutes: one.secondary_after,
            everybodyAfterMinutes: one.everybody_after,
            repeatEveryMinutes: one.repeat_every,
            repeats: one.repeats,
          },
        ]),
      ),
    },
    null,
    2,
  )}\n`;
}
