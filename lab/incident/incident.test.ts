import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { EventLog } from '../events/event-log.ts';
import { Incidents } from './incident.ts';
import { answerEverything, renderPostmortem, reviewPostmortem } from './postmortem.ts';
import type { IncidentFigures } from './records.ts';
import { isAtLeast, proposeSeverity } from './severity.ts';

const directory = mkdtempSync(join(tmpdir(), 'lab-incident-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let now = Date.parse('2026-01-01T12:00:00Z');
const incidents = (name: string) => new Incidents(new EventLog(join(directory, name), () => now));

test('an incident is what the event log tells of it, also to the next command', () => {
  const desk = incidents('a.ndjson');
  const opened = desk.declare('Nobody can save notes', 'SEV2');
  now += 5_000;
  desk.grade(opened, 'SEV1', 'reading fails as well');
  desk.assign(opened, 'commander', 'Ada');
  desk.update(opened, 'identified', 'We know why');
  now += 5_000;
  desk.update(opened, 'resolved', 'All is well');
  const [read] = incidents('a.ndjson').all();
  expect(read).toMatchObject({
    id: 'INC-1',
    title: 'Nobody can save notes',
    severity: 'SEV1',
    state: 'resolved',
    roles: { commander: 'Ada' },
    updates: [
      { state: 'identified', message: 'We know why' },
      { state: 'resolved', message: 'All is well' },
    ],
  });
  expect(read!.resolvedAtMs! - read!.declaredAtMs).toBe(10_000);
  expect(desk.open()).toBeUndefined();
  expect(desk.declare('Again', 'SEV3').id).toBe('INC-2');
  expect(desk.open()?.id).toBe('INC-2');
});

test('escalating and de-escalating are events with a reason', () => {
  const events = new EventLog(join(directory, 'grades.ndjson'), () => now);
  const desk = new Incidents(events);
  const opened = desk.declare('Search fails', 'SEV3');
  now += 5_000;
  const raised = desk.grade(opened, 'SEV1', 'nothing works');
  now += 5_000;
  const lowered = desk.grade(raised, 'SEV2', 'reading works again');
  expect(events.read({ kinds: ['escalate'] }).map(({ text }) => text)).toEqual([
    'INC-1 escalated from SEV3 to SEV1: nothing works',
    'INC-1 de-escalated from SEV1 to SEV2: reading works again',
  ]);
  expect(lowered).toMatchObject({
    severity: 'SEV2',
    gradedAtMs: now,
    grades: [
      { atMs: now - 5_000, from: 'SEV3', to: 'SEV1', reason: 'nothing works' },
      { atMs: now, from: 'SEV1', to: 'SEV2', reason: 'reading works again' },
    ],
  });
});

test.each([
  [1, 'SEV1'],
  [0.5, 'SEV1'],
  [0.1, 'SEV2'],
  [0.01, 'SEV3'],
  [0, 'SEV4'],
] as const)('with %d of the requests failing %s is proposed', (ratio, severity) => {
  expect(proposeSeverity(ratio)).toBe(severity);
});

test('SEV1 is at least SEV2, and not the other way round', () => {
  expect([isAtLeast('SEV1', 'SEV2'), isAtLeast('SEV2', 'SEV2'), isAtLeast('SEV3', 'SEV2')]).toEqual([
    true,
    true,
    false,
  ]);
});

describe('a postmortem', () => {
  const opened = incidents('b.ndjson').declare('Nobody can save notes', 'SEV1');
  const figures: IncidentFigures = {
    startedAtMs: now - 60_000,
    detectedAtMs: now - 52_000,
    firstAlert: 'DatabaseDown',
    acknowledgedAtMs: now - 40_000,
    declaredAtMs: now,
    mitigatedAtMs: now + 10_000,
    resolvedAtMs: null,
    timeToDetectSeconds: 8,
    timeToAcknowledgeSeconds: 12,
    timeToRepairSeconds: 70,
    harmedSeconds: 70,
    requests: 2_000,
    failedRequests: 1_500,
    failedByKind: { 'create-note': { failed: 400, of: 400 }, 'read-note': { failed: 20, of: 300 } },
    budgetSpentRatio: 7.5,
  };
  const begun = renderPostmortem(opened, figures, [
    { atMs: now, kind: 'event', text: 'INC-1 declared | as SEV1' },
  ]);
  const complete = answerEverything(
    begun,
    'The database was lost, and nobody had tried the runbook.',
    '2026-02-01',
  );

  it('begins with the facts and asks for the rest', () => {
    expect(begun).toContain('- 1500 of 2000 requests failed (75 %).');
    expect(begun).toContain(
      '- Failed, by what users wanted to do: create-note 400 of 400, read-note 20 of 300.',
    );
    expect(begun).toContain('- First alert: DatabaseDown, 8 s after users were first harmed.');
    expect(begun).toContain('| 12:00:00 | event | INC-1 declared   as SEV1 |');
    const problems = reviewPostmortem(begun, figures);
    expect(problems).toContain('"Root cause" still has a question in it.');
    expect(problems).toContain('The action item "?" says nothing that could be done.');
    expect(problems.length).toBeGreaterThan(9);
  });

  it('is complete when every question is answered', () => {
    expect(reviewPostmortem(complete, figures)).toEqual([]);
  });

  it.each([
    ['another number', complete.replace('1500 of', '15 of'), '"Impact" differs from the records'],
    ['a section less', complete.replace('## Lessons', '## Other'), 'The section "Lessons" is missing.'],
    [
      'an empty answer',
      complete.replace(/(## What helped|## What went well)\n\n.*/, '$1\n\nn/a'),
      'no answer',
    ],
    ['no owner', complete.replaceAll('| on call |', '|  |'), 'has no owner'],
    ['no date', complete.replaceAll('2026-02-01', 'soon'), 'has no date'],
    ['nothing that prevents it', complete.replace('| prevent |', '| detect |'), 'of the kind "prevent"'],
    ['an unknown kind', complete.replace('| detect |', '| hope |'), 'is of no kind'],
    ['no table', complete.replace(/^\|.*(owner|Owner|on call|---).*$/gm, ''), 'of the kind "detect"'],
  ])('with %s it is not', (_, text, problem) => {
    expect(reviewPostmortem(text, figures).join('\n')).toContain(problem);
  });
});
