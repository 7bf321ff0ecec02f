import { join } from 'node:path';
import type { Incident } from './incident.ts';
import type { IncidentFigures, Moment } from './records.ts';

/** Where the postmortem of an incident stands, below `.lab/<name>`. */
export const postmortemFile = (labDirectory: string, incidentId: string): string =>
  join(labDirectory, 'reports', `${incidentId}.md`);

/** Whether an action item would have told sooner, kept it from happening, or made it shorter. */
const actionKinds = ['detect', 'prevent', 'mitigate'] as const;

/** What only a person can know, by section. A line that begins with `?` waits for an answer. */
const questions: Readonly<Record<string, string>> = {
  Summary: 'What happened, in two sentences that somebody outside of the team understands?',
  Impact: 'Who felt it, and what could users still do?',
  Detection: 'What would have told you sooner? Which signal was there that nobody looked at?',
  'Root cause':
    'Why could it happen at all? Ask "why" until the answer is about the system and not about a person.',
  'Contributing causes': 'What made it worse, or longer?',
  'What went well': 'What helped?',
  'What went wrong': 'What stood in the way?',
  'Where we were lucky': 'What could as well have gone otherwise?',
  Lessons: 'What do you know now that you did not know before?',
};

/** Blameless, in Markdown: facts from records, and questions where only a person knows the answer. */
export function renderPostmortem(
  incident: Incident,
  figures: IncidentFigures,
  timeline: readonly Moment[],
): string {
  const ask = (section: string): string => `? ${questions[section]}`;
  const plain = (section: string): string => `## ${section}\n\n${ask(section)}`;
  return `# Postmortem of ${incident.id}: ${incident.title}

${incident.severity} · declared ${time(incident.declaredAtMs)} · ${
    incident.resolvedAtMs === undefined ? 'not resolved yet' : `resolved ${time(incident.resolvedAtMs)}`
  }

The figures come from records. Lines that begin with a question mark are yours: put an answer in the place of each. Write about the system, not about who is to blame. Then: npm run lab -- postmortem --check

${plain('Summary')}

## Impact

${impactLines(figures).join('\n')}

${ask('Impact')}

## Timeline

| Time (UTC) | Source | What |
| --- | --- | --- |
${timeline.map(({ atMs, kind, text }) => `| ${time(atMs)} | ${kind} | ${text.replace(/[|\n]/g, ' ')} |`).join('\n')}

## Detection

- ${detectionLine(figures)}
- ${
    figures.timeToAcknowledgeSeconds === null
      ? 'Nobody acknowledged it.'
      : `Acknowledged ${figures.timeToAcknowledgeSeconds} s after that.`
  }
- ${
    figures.timeToRepairSeconds === null
      ? 'Users are not served again yet.'
      : `Users were served again ${figures.timeToRepairSeconds} s after it began.`
  }

${ask('Detection')}

${['Root cause', 'Contributing causes', 'What went well', 'What went wrong', 'Where we were lucky'].map(plain).join('\n\n')}

## Action items

Each has an owner, a date and a kind: ${actionKinds.join(', ')}.

| Action | Owner | Due | Kind |
| --- | --- | --- | --- |
| ? | ? | ? | detect |
| ? | ? | ? | prevent |

${plain('Lessons')}
`;
}

/** The facts of the section Impact, which have to stay as the records have them. */
function impactLines({
  harmedSeconds,
  requests,
  failedRequests,
  failedByKind,
  budgetSpentRatio,
}: IncidentFigures): string[] {
  const kinds = Object.entries(failedByKind)
    .sort(([, a], [, b]) => b.failed - a.failed)
    .map(([kind, { failed, of }]) => `${kind} ${failed} of ${of}`);
  return [
    `- Users were harmed for ${Math.round(harmedSeconds)} s.`,
    `- ${failedRequests} of ${requests} requests failed${requests === 0 ? '' : ` (${percent(failedRequests / requests)})`}.`,
    `- Failed, by what users wanted to do: ${kinds.join(', ') || 'nothing'}.`,
    `- ${budgetWords(budgetSpentRatio)} of the availability's error budget was spent.`,
  ];
}

function detectionLine({ firstAlert, timeToDetectSeconds }: IncidentFigures): string {
  if (firstAlert === null) return 'No alert told anybody.';
  return timeToDetectSeconds === null
    ? `First alert: ${firstAlert}. Users were not harmed.`
    : `First alert: ${firstAlert}, ${timeToDetectSeconds} s after users were first harmed.`;
}

/** What a postmortem still lacks, each in one line; empty when it is complete. */
export function reviewPostmortem(text: string, figures: IncidentFigures): string[] {
  const sections = sectionsOf(text);
  const problems: string[] = [];
  for (const name of Object.keys(questions)) {
    const section = sections.get(name);
    if (section === undefined) problems.push(`The section "${name}" is missing.`);
    else if (/^\s*\?/m.test(section)) problems.push(`"${name}" still has a question in it.`);
    else if (ownWords(section).length < 20) problems.push(`"${name}" has no answer of at least 20 letters.`);
  }
  for (const line of impactLines(figures)) {
    if (!(sections.get('Impact') ?? '').includes(line))
      problems.push(`"Impact" differs from the records, which say: ${line.slice(2)}`);
  }
  return [...problems, ...reviewActions(sections.get('Action items'))];
}

function reviewActions(section: string | undefined): string[] {
  if (section === undefined) return ['The section "Action items" is missing.'];
  const rows = section
    .split('\n')
    .filter((line) => line.trim().startsWith('|'))
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, action = '', owner = '', due = '', kind = '']) => ({ action, owner, due, kind }));
  const problems: string[] = [];
  for (const { action, owner, due, kind } of rows) {
    const name = `The action item "${action.slice(0, 40)}"`;
    if (action.length < 10) problems.push(`${name} says nothing that could be done.`);
    else if (owner === '' || owner === '?') problems.push(`${name} has no owner.`);
    else if (!/^\d{4}-\d{2}-\d{2}$/.test(due) || Number.isNaN(Date.parse(due)))
      problems.push(`${name} has no date such as 2026-12-31.`);
    else if (!(actionKinds as readonly string[]).includes(kind))
      problems.push(`${name} is of no kind: ${actionKinds.join(', ')}.`);
  }
  for (const wanted of ['detect', 'prevent']) {
    if (!rows.some(({ kind }) => kind === wanted))
      problems.push(`No action item is of the kind "${wanted}".`);
  }
  return problems;
}

function sectionsOf(text: string): Map<string, string> {
  const parts = text.split(/^## +/m).slice(1);
  return new Map(
    parts.map((part) => {
      const end = part.indexOf('\n');
      return [part.slice(0, end < 0 ? undefined : end).trim(), end < 0 ? '' : part.slice(end + 1)] as const;
    }),
  );
}

/** Without the facts, which the lab wrote. */
const ownWords = (section: string): string =>
  section
    .split('\n')
    .filter((line) => !line.startsWith('- ') || !/\d/.test(line))
    .join(' ')
    .replace(/[^\p{L}\p{N}]/gu, '');

/** A postmortem with every question answered by the same words: what the unattended run hands in. */
export function answerEverything(text: string, answer: string, due: string): string {
  return text
    .replace(/^\? .*$/gm, answer)
    .replace(
      /^\| \? \| \? \| \? \| (\w+) \|$/gm,
      `| ${answer.replace(/[|\n]/g, ' ')} | on call | ${due} | $1 |`,
    );
}

/** A budget can be overspent many times. */
export const budgetWords = (ratio: number): string =>
  ratio < 10 ? percent(ratio) : `${Math.round(ratio)} times the whole`;

const time = (ms: number): string => new Date(ms).toISOString().slice(11, 19);
const percent = (ratio: number): string => `${(100 * ratio).toFixed(ratio < 0.1 ? 1 : 0)} %`;
