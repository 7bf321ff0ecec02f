import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { Argument, type Command } from 'commander';
import { longestPublicText, publicTextProblem } from '../../services/contract/public-text.ts';
import type { LabContext } from '../context.ts';
import { NotWritable, UsageError } from '../errors.ts';
import { type Incident, Incidents, type Role, roles, states } from '../incident/incident.ts';
import { budgetWords, postmortemFile, renderPostmortem, reviewPostmortem } from '../incident/postmortem.ts';
import { publishStatus } from '../incident/publish.ts';
import {
  errorRatioBefore,
  feltWithinMs,
  figuresOf,
  lookBackMs,
  type Moment,
  type RecordsContext,
  timelineOf,
} from '../incident/records.ts';
import { describeResponse, responseOf } from '../incident/response.ts';
import { proposeSeverity, type Severity, severities, severityTerms } from '../incident/severity.ts';
import { recordStatusEdits } from '../incident/status-edits.ts';
import { ObserveError } from '../observe/observe-error.ts';
import { makeFolder } from '../state/make-folder.ts';
import { Ledger } from '../traffic/ledger.ts';
import { Workshop } from '../workshop.ts';
import { parseTtl } from './break.ts';

/** `incident`, `timeline`, `postmortem`: what goes along with a repair. */
export function register(program: Command, context: LabContext): void {
  const incident = program
    .command('incident')
    .description(
      'declare an incident, tell the status page, resolve it; without a verb, show where it stands',
    );
  incident.action(() => show(context));
  incident
    .command('declare')
    .description('open an incident; its severity is proposed from what users feel')
    .argument('<title...>', 'what users notice, in a few words')
    .addOption(
      incident.createOption('--severity <severity>', 'yours, not the proposed one').choices(severities),
    )
    .action((title: string[], options: { severity?: Severity }) =>
      declare(context, publicText(title), options.severity),
    );
  incident
    .command('update')
    .description('tell the status page')
    .addArgument(new Argument('<state>', 'how far you are').choices(states.slice(0, 3)))
    .argument('<message...>', 'for users')
    .action((state: (typeof states)[number], message: string[]) =>
      update(context, state, publicText(message)),
    );
  incident
    .command('severity')
    .description('escalate or de-escalate')
    .addArgument(new Argument('<severity>', 'the new one').choices(severities))
    .requiredOption('--reason <text>', 'why')
    .action((severity: Severity, { reason }: { reason: string }) =>
      change(context, (incidents, open) => {
        if (open.severity === severity) {
          throw new UsageError(
            `${open.id} is ${severity} already.`,
            `Choose another of ${severities.join(', ')}, or leave it.`,
          );
        }
        return incidents.grade(open, severity, shortText(reason));
      }),
    );
  incident
    .command('role')
    .description(`who is ${roles.join(', ')}`)
    .addArgument(new Argument('<role>', 'the role').choices(roles))
    .argument('[name]', 'who takes it (default: you)')
    .action((role: Role, name?: string) =>
      change(context, (incidents, open) =>
        incidents.assign(open, role, shortText(name ?? userInfo().username)),
      ),
    );
  incident
    .command('resolve')
    .description('close the incident, and say so on the status page')
    .argument('<message...>', 'for users')
    .action((message: string[]) => update(context, 'resolved', publicText(message)));
  program
    .command('timeline')
    .description('what happened, from every record: users, alerts, pages, acknowledgements, what was done')
    .option('--for <duration>', 'how far to look back, such as 5m; at most 30m (default: the last incident)')
    .action((options: { for?: string }) => showTimeline(context, options.for));
  program
    .command('postmortem')
    .description('begin the postmortem of the last incident from its records, or check it')
    .option('--check', 'say what it still lacks')
    .option(
      '--output <file>',
      'where it stands (default: .lab/<name>/reports/<incident>.md, which down removes)',
    )
    .action((options: { check?: boolean; output?: string }) => postmortem(context, options));
}

interface Desk {
  readonly workshop: Workshop;
  readonly incidents: Incidents;
  readonly records: RecordsContext & { readonly observe: Workshop['backends'] };
}

async function openDesk(context: LabContext): Promise<Desk> {
  const workshop = new Workshop(context, await context.running());
  const { backends: observe, events, lab } = workshop;
  await recordStatusEdits({ observe, events }, context);
  const ledger = new Ledger(lab.directory);
  return {
    workshop,
    incidents: new Incidents(events),
    records: { observe, events, ledger, pace: lab.pace, signal: context.signal },
  };
}

async function declare(context: LabContext, title: string, given: Severity | undefined): Promise<void> {
  const desk = await openDesk(context);
  const open = desk.incidents.open();
  if (open !== undefined) {
    throw new UsageError(
      `${open.id} is open: "${open.title}".`,
      'One incident at a time: update it, or resolve it first.',
    );
  }
  const ratio = errorRatioNow(desk);
  const proposed = proposeSeverity(ratio ?? 0);
  const declared = desk.incidents.declare(title, given ?? proposed);
  await publish(context, desk);
  const felt =
    ratio === undefined
      ? 'no user asks for anything'
      : `${(100 * ratio).toFixed(1)} % of requests fail: that is ${proposed}, ${severityTerms[proposed].meaning}`;
  tell(context, desk, declared, [
    `${declared.id} is declared as ${declared.severity}. By the client's record ${felt}.`,
  ]);
}

async function update(context: LabContext, state: Incident['state'], message: string): Promise<void> {
  const notes: string[] = [];
  await change(
    context,
    (incidents, open, desk) => {
      const ratio = errorRatioNow(desk) ?? 0;
      if (state === 'resolved' && ratio > 0.02) {
        notes.push(
          `Users disagree: ${(100 * ratio).toFixed(0)} % of their requests of the last ${feltWithinMs / 1000} s failed.`,
        );
      }
      return incidents.update(open, state, message);
    },
    notes,
  );
}

async function change(
  context: LabContext,
  how: (incidents: Incidents, open: Incident, desk: Desk) => Incident,
  notes: readonly string[] = [],
): Promise<void> {
  const desk = await openDesk(context);
  const open = desk.incidents.open();
  if (open === undefined) throw noIncident('open');
  const changed = how(desk.incidents, open, desk);
  await publish(context, desk);
  tell(context, desk, changed, notes);
}

const noIncident = (what: 'open' | 'known'): Error =>
  new UsageError(
    what === 'open' ? 'No incident is open.' : 'There was no incident.',
    'Declare one: npm run lab -- incident declare "what users notice"',
  );

function tell(context: LabContext, desk: Desk, incident: Incident, notes: readonly string[]): void {
  const { pace } = desk.workshop.lab;
  context.ui.result({ incident, notes }, () => {
    for (const note of notes) context.ui.line(note);
    for (const line of describeIncident(incident, pace.secondsAMinute)) context.ui.line(line);
    context.ui.line(`Status page: ${desk.records.observe.inbox.statusPage()}`);
  });
}

function describeIncident(incident: Incident, scale: number): string[] {
  const { meaning, respondMinutes, escalateMinutes } = severityTerms[incident.severity];
  const span = (minutes: number): string =>
    scale === 60 ? `${minutes} min` : `${minutes} min (here ${minutes * scale} s)`;
  const escalate =
    escalateMinutes === undefined
      ? ''
      : escalateMinutes === 0
        ? ', escalate at once'
        : `, escalate after ${span(escalateMinutes)}`;
  return [
    `${incident.id} ${incident.state}: ${incident.title}`,
    `${incident.severity}: ${meaning}; respond within ${span(respondMinutes)}${escalate}`,
    ...roles.flatMap((role) => {
      const person = incident.roles[role];
      return person === undefined ? [] : [`${role}: ${person}`];
    }),
    ...incident.grades.map(({ atMs, from, to, reason }) => `  ${clock(atMs)} ${from} to ${to}: ${reason}`),
    ...incident.updates.map(({ atMs, state, message }) => `  ${clock(atMs)} ${state}: ${message}`),
  ];
}

async function show(context: LabContext): Promise<void> {
  const desk = await openDesk(context);
  const all = desk.incidents.all();
  const last = all.at(-1);
  if (last === undefined) {
    context.ui.result({ incidents: [] }, () =>
      context.ui.line(
        'No incident was declared. Declare one: npm run lab -- incident declare "what users notice"',
      ),
    );
    return;
  }
  const nowMs = Date.now();
  const figures = await figuresOf(desk.records, last, nowMs);
  const { secondsAMinute } = desk.workshop.lab.pace;
  const response = responseOf(last, figures.acknowledgedAtMs, secondsAMinute);
  const secondsLeft =
    last.state === 'resolved' || response.respondedAtMs !== undefined
      ? null
      : Math.round((response.respondByMs - nowMs) / 1000);
  context.ui.result({ incidents: all, figures, response: { ...response, secondsLeft } }, () => {
    for (const one of all.slice(0, -1)) context.ui.line(`${one.id} ${one.state}: ${one.title}`);
    for (const line of describeIncident(last, secondsAMinute)) context.ui.line(line);
    for (const line of describeResponse(response, nowMs, last.state === 'resolved')) context.ui.line(line);
    const since = (seconds: number | null): string => (seconds === null ? '-' : `${seconds} s`);
    context.ui.line();
    context.ui.table([
      ['TIME TO DETECT', 'TO ACKNOWLEDGE', 'TO REPAIR', 'FAILED REQUESTS', 'OF THE ERROR BUDGET'],
      [
        since(figures.timeToDetectSeconds),
        since(figures.timeToAcknowledgeSeconds),
        since(figures.timeToRepairSeconds),
        `${figures.failedRequests} of ${figures.requests}`,
        budgetWords(figures.budgetSpentRatio),
      ],
    ]);
  });
}

async function showTimeline(context: LabContext, lookBack: string | undefined): Promise<void> {
  const desk = await openDesk(context);
  const last = desk.incidents.all().at(-1);
  if (lookBack === undefined && last === undefined) throw noIncident('known');
  const toMs = Date.now();
  const moments = await readTimeline(
    desk,
    lookBack === undefined && last !== undefined
      ? {
          fromMs: last.declaredAtMs - lookBackMs(desk.workshop.lab.pace),
          toMs: (last.resolvedAtMs ?? toMs) + 1,
        }
      : { fromMs: toMs - parseTtl(lookBack ?? '10m'), toMs },
  );
  const timeline = moments.map(({ atMs, ...rest }) => ({ at: new Date(atMs).toISOString(), ...rest }));
  context.ui.result({ timeline }, () => {
    if (moments.length === 0) context.ui.line('Nothing happened in this time.');
    else
      context.ui.table([
        ['TIME', 'SOURCE', 'WHAT'],
        ...moments.map(({ atMs, kind, text }) => [clock(atMs), kind, text]),
      ]);
  });
}

/** What was broken on purpose is told once it is repaired: until then somebody looks for it. */
function readTimeline(
  { workshop, records }: Desk,
  interval: { fromMs: number; toMs: number },
): Promise<Moment[]> {
  return timelineOf(records, interval, { secrets: workshop.brokenExercises().length === 0 });
}

async function postmortem(
  context: LabContext,
  { check = false, output }: { readonly check?: boolean; readonly output?: string },
): Promise<void> {
  const desk = await openDesk(context);
  const last = desk.incidents.all().at(-1);
  if (last === undefined) throw noIncident('known');
  const file = output ?? postmortemFile(context.paths.directory, last.id);
  const figures = await figuresOf(desk.records, last, Date.now());
  if (!check) {
    if (existsSync(file)) {
      throw new UsageError(
        `${file} is there already, and nothing is written over it.`,
        'Go on in it, check it with --check, or name another file with --output.',
      );
    }
    const toMs = last.resolvedAtMs ?? Date.now();
    const interval = { fromMs: last.declaredAtMs - lookBackMs(desk.workshop.lab.pace), toMs: toMs + 1 };
    writeText(file, renderPostmortem(last, figures, await readTimeline(desk, interval)));
    desk.workshop.events.append({
      kind: 'postmortem',
      actor: 'learner',
      text: `The postmortem of ${last.id} was begun`,
    });
    context.ui.result({ file }, () =>
      context.ui.line(`Begun: ${file}\nAnswer its questions, then: npm run lab -- postmortem --check`),
    );
    return;
  }
  const problems = reviewPostmortem(readText(file), figures);
  if (problems.length > 0) context.exitWith(1);
  context.ui.result({ file, complete: problems.length === 0, problems }, () => {
    for (const problem of problems) context.ui.line(`✗ ${problem}`);
    context.ui.line(
      problems.length === 0 ? '✓ The postmortem is complete.' : `${problems.length} to do in ${file}`,
    );
  });
}

function writeText(file: string, text: string): void {
  try {
    makeFolder(dirname(file));
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    throw new NotWritable(file, (error as NodeJS.ErrnoException).code ?? String(error), { cause: error });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new UsageError(`${file} cannot be read (${reason}).`, 'Begin it: npm run lab -- postmortem');
  }
}

const errorRatioNow = ({ records }: Desk): number | undefined => errorRatioBefore(records.ledger, Date.now());

/** The event log has it already: a page that cannot be told now is told with the next step. */
async function publish({ ui }: LabContext, { records, incidents }: Desk): Promise<void> {
  try {
    await publishStatus(records, incidents.all(), Date.now());
  } catch (error) {
    if (!(error instanceof ObserveError)) throw error;
    ui.note(`The status page was not told: ${error.message}. The next step tells it everything.`);
  }
}

/** What users will read. */
function publicText(words: readonly string[]): string {
  const text = words.join(' ').trim();
  const found = publicTextProblem(text);
  if (found !== undefined) throw new UsageError(found.problem, found.remedy);
  return text;
}

/** What colleagues will read. */
function shortText(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') throw new UsageError('The text is empty.', 'Say it in a few words.');
  if (trimmed.length > longestPublicText) {
    throw new UsageError(
      `The text has ${trimmed.length} characters, and ${longestPublicText} are allowed.`,
      'Say it in a few words.',
    );
  }
  return trimmed;
}

const clock = (ms: number): string =>
  new Date(ms).toLocaleTimeString([], {
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
