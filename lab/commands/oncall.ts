import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Oncall, OncallError, parseOncall, shiftsAt } from '../../stack/oncall.ts';
import { type Pace, paces } from '../../stack/pace.ts';
import type { LabContext } from '../context.ts';
import { OncallInvalid } from '../errors.ts';
import { recordPages } from '../incident/page-events.ts';
import type { OncallState } from '../observe/inbox-client.ts';
import { projectRoot } from '../root.ts';
import { Workshop } from '../workshop.ts';

const file = 'stack/oncall.yml';

/** `oncall`: who is called now, who next, and what waits for somebody. */
export function register(program: Command, context: LabContext): void {
  program
    .command('oncall')
    .description('who is on call for which team, until when, and which pages nobody has acknowledged')
    .action(() => show(context));
}

async function show(context: LabContext): Promise<void> {
  const { ui } = context;
  const oncall = readOncall(context);
  const lab = await (await context.runtime()).attach();
  // Without a lab the file alone says who it is.
  const pace = lab?.pace ?? paces[context.options.pace ?? 'lab'];
  const state = lab === undefined ? undefined : await inForce(context, new Workshop(context, lab));
  const nowMs = Date.now();
  const teams =
    state?.teams ??
    shiftsAt(oncall, nowMs).map(({ untilMs, ...shift }) => ({
      ...shift,
      until: new Date(untilMs).toISOString(),
    }));
  const next = shiftsAt(oncall, Date.parse(teams[0]?.until ?? new Date(nowMs).toISOString()));
  const escalation = Object.fromEntries(
    Object.entries(oncall.escalation).map(([severity, terms]) => [severity, { ...inProduction(terms) }]),
  );
  const waiting = (state?.pages ?? []).filter(
    (one) => one.acknowledgedAt === null && one.resolvedAt === null,
  );
  ui.result(
    {
      running: state !== undefined,
      pace: pace.name,
      secondsAMinute: pace.secondsAMinute,
      teams: teams.map((one) => {
        const then = next.find(({ team }) => team === one.team);
        return { ...one, next: { primary: then?.primary ?? null, secondary: then?.secondary ?? null } };
      }),
      escalation,
      pages: state?.pages ?? [],
    },
    () => {
      ui.table([
        ['TEAM', 'PRIMARY', 'SECONDARY', 'UNTIL', 'THEN', 'SERVICES'],
        ...teams.map((one) => {
          const then = next.find(({ team }) => team === one.team);
          return [
            one.team,
            one.primary,
            one.secondary,
            `${one.until.slice(0, 10)} ${one.until.slice(11, 16)} UTC`,
            then === undefined ? '-' : `${then.primary}, ${then.secondary}`,
            one.services.join(' ') || '-',
          ];
        }),
      ]);
      for (const line of describeTerms(oncall, pace)) ui.line(line);
      for (const page of waiting) {
        ui.line(
          `Not acknowledged: ${page.alertname} (${page.severity}, ${page.team}), since ${new Date(page.at).toLocaleTimeString()}; called: ${page.called.join(', ')}`,
        );
      }
      if (waiting.length > 0)
        ui.line('Take a page: npm run lab -- inbox, then npm run lab -- inbox --ack <id>');
      else if (state !== undefined) ui.line('No page waits for anybody.');
      else ui.line('The lab does not run: this is what the file says.');
    },
  );
}

/** What the inbox of the running lab goes by, and its pages; the event log has them afterwards. */
async function inForce(
  { signal }: LabContext,
  { backends, events }: Workshop,
): Promise<
  | (Pick<OncallState, 'pages'> & {
      readonly teams: {
        team: string;
        services: string[];
        primary: string;
        secondary: string;
        until: string;
      }[];
    })
  | undefined
> {
  const { teams, pages } = await backends.inbox.oncall({ signal });
  await recordPages({ observe: backends, events }, { signal });
  if (teams.length === 0) return undefined;
  return {
    pages,
    teams: teams.map(({ primary, secondary, ...one }) => ({
      ...one,
      primary: primary.name,
      secondary: secondary.name,
    })),
  };
}

/** @throws LAB_ONCALL_INVALID, after every mistake was told in a line of its own. */
function readOncall({ ui }: LabContext): Oncall {
  try {
    return parseOncall(readFileSync(join(projectRoot, file), 'utf8'));
  } catch (error) {
    const problems =
      error instanceof OncallError
        ? error.problems
        : [`it cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`];
    for (const problem of problems) ui.warn(`${file}: ${problem}`);
    throw new OncallInvalid(file, problems, { cause: error });
  }
}

const inProduction = (terms: Oncall['escalation']['critical']) => ({
  phone: terms.phone,
  secondaryAfterMinutes: terms.secondary_after,
  everybodyAfterMinutes: terms.everybody_after,
  repeatEveryMinutes: terms.repeat_every,
  repeats: terms.repeats,
});

function describeTerms({ escalation }: Oncall, { secondsAMinute }: Pace): string[] {
  const span = (minutes: number): string =>
    secondsAMinute === 60 ? `${minutes} min` : `${minutes} min (here ${minutes * secondsAMinute} s)`;
  return Object.entries(escalation).map(
    ([severity, one]) =>
      `A ${severity} page ${one.phone ? 'rings' : 'shows, without a telephone,'} at the primary; unacknowledged, the secondary is called after ${span(one.secondary_after)}, everybody after ${span(one.everybody_after)}, then again every ${span(one.repeat_every)}, at most ${one.repeats} times.`,
  );
}
