import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { OncallSchedule } from '../services/inbox/oncall.ts';
import { OncallError, parseOncall, renderOncall, shiftsAt } from './oncall.ts';
import { paces } from './pace.ts';

const shipped = readFileSync(join(import.meta.dirname, 'oncall.yml'), 'utf8');
const weekMs = 7 * 86_400_000;
const first = Date.parse('2026-01-05T09:00:00Z');

function problemsOf(text: string): readonly string[] {
  try {
    parseOncall(text);
  } catch (error) {
    if (error instanceof OncallError) return error.problems;
    throw error;
  }
  return [];
}

test.each([
  [0, 'Ada Okafor', 'Bruno Silva'],
  [weekMs - 1, 'Ada Okafor', 'Bruno Silva'],
  [weekMs, 'Bruno Silva', 'Chen Wei'],
  [3 * weekMs, 'Ada Okafor', 'Bruno Silva'],
  // Before the first handover the lists go on backwards.
  [-1, 'Chen Wei', 'Ada Okafor'],
])('%d ms after the first handover the week has its two', (afterMs, primary, secondary) => {
  const [backend] = shiftsAt(parseOncall(shipped), first + afterMs);
  expect(backend).toMatchObject({ team: 'backend', primary, secondary });
  expect(backend!.untilMs).toBeGreaterThan(first + afterMs);
  expect((backend!.untilMs - first) % weekMs).toBe(0);
});

test('the inbox reads the same people out of the rendered file, week after week', () => {
  const oncall = parseOncall(shipped);
  const inbox = new OncallSchedule(JSON.parse(renderOncall(shipped, paces.lab)));
  for (let week = -3; week < 14; week++) {
    const atMs = first + week * weekMs + 1;
    expect(
      inbox.at(atMs).map(({ team, primary, secondary, until }) => ({
        team,
        primary: primary.name,
        secondary: secondary.name,
        untilMs: Date.parse(until),
      })),
    ).toEqual(shiftsAt(oncall, atMs).map(({ services: _, ...shift }) => shift));
  }
  expect(inbox.escalation.critical).toMatchObject({ phone: true, secondaryAfterMinutes: 15 });
  expect([inbox.secondsAMinute, paces.real.secondsAMinute]).toEqual([1, 60]);
});

test.each([
  [
    'an unknown person',
    ['primary: [ada, bruno, chen]', 'primary: [ada, bruno, zed]'],
    ['line 17, teams.backend.primary: "zed" is none of people.'],
  ],
  [
    'one who would be both',
    ['secondary: [bruno, chen, ada]', 'secondary: [bruno, bruno, ada]'],
    ['line 16, teams.backend: "bruno" is primary and secondary in week 2.'],
  ],
  [
    'a service of two teams',
    ['services: []', 'services: [api]'],
    ['line 25, teams.product.services: "api" is of backend already.'],
  ],
  [
    'a default team that is none',
    ['default_team: sre', 'default_team: ops'],
    ['line 30, default_team: "ops" is no team: backend, sre, product.'],
  ],
  [
    'a telephone number that is none',
    ["'+1 555 0103'", "'call me'"],
    ['line 7, people.chen.phone: must be a number such as +1 555 0100.'],
  ],
  [
    'a time without a unit',
    ['secondary_after: 15m', 'secondary_after: 15'],
    ['line 34, escalation.critical.secondary_after: must be a time, such as 15m or 1h.'],
  ],
  [
    'times in the wrong order',
    ['everybody_after: 25m', 'everybody_after: 10m'],
    ['line 34, escalation.critical.everybody_after: must be later than secondary_after.'],
  ],
  [
    'a moment that is none',
    ['2026-01-05T09:00:00Z', 'monday'],
    ['line 11, first_handover: must be a moment, such as 2026-01-05T09:00:00Z.'],
  ],
  [
    'a key that is not known',
    ['default_team: sre', 'default_team: sre\nfallback: ada'],
    ['line 31, fallback: is nothing that is known here.'],
  ],
  ['a missing part', ['default_team: sre', ''], ['default_team: is missing.']],
  [
    'nobody',
    ['primary: [dana, ada]', 'primary: []'],
    ['line 26, teams.product.primary: must name somebody.'],
  ],
  [
    'a name that is none',
    ['  product:', '  "Pro duct":'],
    ['line 25, teams.Pro duct: must be 1 to 32 lower-case letters, digits or hyphens, a letter first.'],
  ],
  ['no YAML', ['people:', 'people: ['], [expect.stringMatching(/^line \d+: .+\.$/)]],
] as const)('%s is one clear line', (_, [find, put], problems) => {
  expect(shipped).toContain(find);
  const found = problemsOf(shipped.replace(find, put));
  expect(found.slice(0, 1)).toEqual(problems);
});

test('every mistake is told, not only the first', () => {
  const text = shipped.replace('phone: true', 'phone: perhaps').replace("'+1 555 0101'", '5');
  expect(problemsOf(text)).toEqual([
    'line 5, people.ada.phone: must be text.',
    'line 34, escalation.critical.phone: must be true or false.',
  ]);
});

test('an empty file is a mistake as well', () => {
  expect(problemsOf('')).not.toEqual([]);
});

test('the team of every alert is one of the file, and the owner of its service unless it is product', () => {
  const { teams } = parseOncall(shipped);
  const { groups } = parse(
    readFileSync(join(import.meta.dirname, 'prometheus/rules/alerts.yml'), 'utf8'),
  ) as { groups: { rules: { alert: string; labels: Record<string, string> }[] }[] };
  for (const { alert, labels } of groups.flatMap(({ rules }) => rules)) {
    if (alert === 'Watchdog') continue;
    const { team = '', service = '' } = labels;
    if (team.startsWith('{{')) {
      // By its job: the API is of its own team.
      expect([alert, team, service]).toEqual([
        alert,
        '{{ if eq $labels.job "api" }}backend{{ else }}sre{{ end }}',
        '{{ $labels.job }}',
      ]);
    } else if (team !== 'product') {
      expect([alert, teams[team]?.services.includes(service)]).toEqual([alert, true]);
    }
  }
  expect(teams.backend?.services).toEqual(['api']);
});
