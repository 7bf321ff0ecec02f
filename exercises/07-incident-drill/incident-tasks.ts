import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { harmIn } from '../../lab/alerts/review.ts';
import type { ExerciseContext, Task } from '../../lab/exercise/model/model.ts';
import { type Incident, Incidents } from '../../lab/incident/incident.ts';
import {
  answerEverything,
  postmortemFile,
  renderPostmortem,
  reviewPostmortem,
} from '../../lab/incident/postmortem.ts';
import { publishStatus } from '../../lab/incident/publish.ts';
import { errorRatioBefore, figuresOf, timelineOf } from '../../lab/incident/records.ts';
import { isAtLeast, proposeSeverity } from '../../lab/incident/severity.ts';
import { accepted, rejected } from '../kit/answers.ts';
import { incidentsOf } from './shift.ts';

/** The incident that was declared since this shift began; of several the last. */
const incidentOf = async (context: ExerciseContext): Promise<Incident | undefined> =>
  (await incidentsOf(context)).at(-1);

const undeclared = rejected('no incident has been declared in this shift');

export const declareIncident: Task = {
  id: 'declare-incident',
  prompt: 'Declare the incident, with the severity that users feel, and tell them on the status page.',
  kind: 'action',
  hints: [
    'Others want to know that somebody is at it, and users that you know of it. Do it before you look for the cause.',
    'npm run lab -- incident --help tells the verbs.',
    'npm run lab -- incident declare "…", then npm run lab -- incident update investigating "…"',
  ],
  how: 'npm run lab -- incident declare "…", then npm run lab -- incident update investigating "…"',
  async verify(context) {
    const incident = await incidentOf(context);
    if (incident === undefined) return undeclared;
    // What the lab proposed at that moment is right, also when the repair itself made it worse for a while.
    const ratioAt = (ms: number): number => errorRatioBefore(context.ledger, incident.declaredAtMs + ms) ?? 0;
    const felt = proposeSeverity(Math.min(ratioAt(0), ratioAt(5_000)));
    if (!isAtLeast(incident.severity, felt)) {
      return rejected(`${incident.severity} is too low for what users feel; raise it with a reason`);
    }
    return incident.updates.length === 0
      ? rejected('the incident is declared, and users have been told nothing')
      : accepted(`${incident.id} is ${incident.severity}, and users know that you are at it`);
  },
  async act(context) {
    const desk = new Incidents(context.events, 'ci');
    const ratio = errorRatioBefore(context.ledger, context.clock.now()) ?? 0;
    const incident = desk.declare('Notes cannot be saved', proposeSeverity(ratio));
    desk.assign(incident, 'commander', 'ci');
    desk.update(incident, 'investigating', 'Notes cannot be saved at the moment. We are looking into it.');
    await publishStatus(context, desk.all(), context.clock.now());
  },
};

/** Whether users were told twice or more, nothing too early, and the end. Exported for its test. */
export async function judgeCommunication(context: ExerciseContext): Promise<ReturnType<typeof rejected>> {
  const incident = await incidentOf(context);
  if (incident === undefined) return undeclared;
  const { resolvedAtMs, updates } = incident;
  if (resolvedAtMs === undefined) return rejected(`${incident.id} is still open on the status page`);
  if (updates.length < 2) return rejected('users were told once; a promise and its end are two');
  const harm = harmIn(context, { fromMs: incident.declaredAtMs - 60_000, toMs: context.clock.now() });
  const over = harm.at(-1)?.toMs ?? 0;
  if (resolvedAtMs < over) {
    const early = Math.round((over - resolvedAtMs) / 1000);
    return rejected(`the status page said "resolved" ${early} s before users were served again`);
  }
  const firstMs = updates[0]!.atMs;
  return firstMs > over
    ? rejected('users were told only after it was over')
    : accepted(`users were told ${updates.length} times, and nothing too early`);
}

export const communicate: Task = {
  id: 'communicate',
  prompt: 'Tell users how it ended, once it has, and resolve the incident.',
  kind: 'action',
  when: 'repaired',
  hints: [
    'The status page shows what users were told so far: the inbox links to it.',
    'See first that they are served again: the client is the judge.',
    'npm run lab -- incident update monitoring "…", then npm run lab -- incident resolve "…"',
  ],
  how: 'npm run lab -- incident update monitoring "…", then npm run lab -- incident resolve "…"',
  verify: judgeCommunication,
  async act(context) {
    const desk = new Incidents(context.events, 'ci');
    const incident = desk.open();
    if (incident === undefined) return;
    desk.update(incident, 'monitoring', 'Notes can be saved again. We keep watching.');
    desk.update(incident, 'resolved', 'Everything works again. No saved note was lost.');
    await publishStatus(context, desk.all(), context.clock.now());
  },
};

export const postmortem: Task = {
  id: 'postmortem',
  prompt: 'Write the postmortem: the facts come from records, the rest from you.',
  kind: 'action',
  when: 'repaired',
  hints: [
    'npm run lab -- timeline shows every record in one list.',
    'npm run lab -- postmortem begins it: each line with a question mark waits for you.',
    'npm run lab -- postmortem --check tells what it still lacks.',
  ],
  how: 'npm run lab -- postmortem, answer its questions, npm run lab -- postmortem --check',
  async verify(context) {
    const incident = await incidentOf(context);
    if (incident === undefined) return undeclared;
    const file = postmortemFile(context.lab.directory, incident.id);
    if (!existsSync(file)) return rejected('there is no postmortem yet: npm run lab -- postmortem begins it');
    const figures = await figuresOf(context, incident, context.clock.now());
    const [problem, ...more] = reviewPostmortem(readFileSync(file, 'utf8'), figures);
    if (problem === undefined) return accepted('every question is answered, and the impact is as recorded');
    return rejected(more.length === 0 ? problem : `${problem} And ${more.length} more.`);
  },
  async act(context) {
    const incident = await incidentOf(context);
    if (incident === undefined) return;
    const nowMs = context.clock.now();
    const figures = await figuresOf(context, incident, nowMs);
    const interval = { fromMs: context.timeline.startedAtMs, toMs: nowMs };
    const begun = renderPostmortem(incident, figures, await timelineOf(context, interval, { secrets: true }));
    const due = new Date(nowMs + 14 * 86_400_000).toISOString().slice(0, 10);
    const file = postmortemFile(context.lab.directory, incident.id);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      answerEverything(
        begun,
        'The primary database took no more writes; the runbook brought the standby in.',
        due,
      ),
    );
  },
};
