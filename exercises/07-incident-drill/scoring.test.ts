import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { measureParts } from '../../lab/exercise/learn/measure-parts.ts';
import type { Progress } from '../../lab/exercise/model/progress.ts';
import { answerEverything, postmortemFile, renderPostmortem } from '../../lab/incident/postmortem.ts';
import { figuresOf } from '../../lab/incident/records.ts';
import type { StatusEdit } from '../../services/contract/status-words.ts';
import { paces } from '../../stack/pace.ts';
import drill from './exercise.ts';
import { communicate } from './incident-tasks.ts';
import { allowedSeconds } from './targets.ts';
import { iso, shift } from './test-shift.ts';

/** The shift of one act, broken at second 20; `diagnosed`: when the cause was named. */
function progressOf(diagnosed?: number, shown = false): Progress {
  const task = {
    attempts: 1,
    hints: 0,
    shown,
    ...(diagnosed !== undefined && { answeredAt: iso(diagnosed) }),
  };
  const act = { phase: 'recovered' as const, startedAt: iso(0), brokenAt: iso(20) };
  return {
    version: 2,
    id: drill.id,
    startedAt: iso(0),
    act: 'primary-lost',
    acts: { 'primary-lost': { ...act, tasks: { 'what-is-lost': task } } },
  };
}

async function parts(of: ReturnType<typeof shift>, progress = progressOf(), isOver = true) {
  const measured = await measureParts(drill, of.context, progress, { isOver });
  return Object.fromEntries(
    measured.map(({ name, points, because, open }) => [name, `${open ? '…' : points}: ${because}`]),
  );
}

it('aims at minutes in production, and at what a person can do in the lab', () => {
  const at = (pace: 'lab' | 'real') =>
    (['acknowledge', 'diagnose', 'mitigate'] as const).map((target) => allowedSeconds(target, paces[pace]));
  expect(at('real')).toEqual([120, 300, 600]);
  expect(at('lab')).toEqual([20, 50, 100]);
});

it('gives everything to who is in time, tells users, and writes it up', async () => {
  const of = shift();
  of.told(28, 40);
  of.at(35);
  const opened = of.desk.declare('Reading fails', 'SEV1');
  of.desk.update(opened, 'investigating', 'We are at it');
  of.at(70);
  of.desk.update(opened, 'resolved', 'All is well');
  of.at(100);
  const [incident] = of.desk.all();
  const file = postmortemFile(of.context.lab.directory, opened.id);
  mkdirSync(dirname(file), { recursive: true });
  const begun = renderPostmortem(
    incident!,
    await figuresOf(of.context, incident!, of.context.clock.now()),
    [],
  );
  writeFileSync(file, answerEverything(begun, 'The disk was full, and nobody looked.', '2026-02-01'));
  expect(await parts(of, progressOf(60))).toEqual({
    acknowledge: '10: acknowledged after 12 s; 20 s are allowed',
    diagnose: '10: diagnosed after 40 s; 50 s are allowed',
    mitigate: '10: users were served again after 40 s; 100 s are allowed',
    'tell users': '10: users were told 2 times, and nothing too early',
    'write it up': '10: the postmortem is complete, and its figures are those of the records',
  });
  writeFileSync(file, begun);
  expect((await parts(of))['write it up']).toMatch(/^5: the postmortem lacks \d+, such as: "Summary" still/);
});

it('gives half for twice the time', async () => {
  const of = shift({ failing: [[20, 220]] });
  of.told(28, 68);
  of.at(300);
  expect(await parts(of, progressOf(120))).toMatchObject({
    acknowledge: '5: acknowledged after 40 s; 20 s are allowed',
    diagnose: '5: diagnosed after 100 s; 50 s are allowed',
    mitigate: '5: users were served again after 200 s; 100 s are allowed',
  });
});

it('says what is not recorded, and lets the clocks run before the end', async () => {
  const of = shift({ failing: [[20, 400]] });
  of.at(22);
  expect(await parts(of, progressOf(), false)).toMatchObject({
    acknowledge: '…: nobody has been paged',
    mitigate: '…: users have not been harmed',
  });
  of.told(28);
  of.at(100);
  expect(await parts(of, progressOf(), false)).toEqual({
    acknowledge: '…: nobody has taken the page, for 72 s; 20 s are allowed',
    diagnose: '…: the cause has not been named, for 80 s; 50 s are allowed',
    mitigate: '…: users have been harmed for 80 s; 100 s are allowed',
    'tell users': '…: users have been told 0 times; 2 times are wanted',
    'write it up': '…: no incident has been declared',
  });
  expect((await parts(of)).acknowledge).toBe(
    '0: not recorded: nobody has taken the page, for 72 s; 20 s are allowed',
  );
  of.desk.declare('Reading fails', 'SEV1');
  expect((await parts(of))['write it up']).toBe('0: not recorded: there is no postmortem');
});

it('takes a declaration for half a diagnosis, and a shown solution for none', async () => {
  const of = shift();
  of.at(30);
  of.desk.declare('Reading fails', 'SEV1');
  of.at(100);
  const half = /^5: .*; declared after 10 s; 50 s are allowed, which counts half$/;
  expect((await parts(of)).diagnose).toMatch(half);
  expect((await parts(of, progressOf(40, true))).diagnose).toMatch(half);
  expect((await parts(of, progressOf(300))).diagnose).toMatch(half);
  expect((await parts(of, progressOf(90))).diagnose).toMatch(/^7\.1\d+: diagnosed after 70 s/);
});

it('counts the harm until users are served again for a while, and not what comes later', async () => {
  const of = shift({
    failing: [
      [20, 60],
      [70, 80],
      [200, 210],
    ],
  });
  of.at(300);
  expect((await parts(of)).mitigate).toMatch(/^10: users were served again after 60 s/);
});

it.each([
  ['while requests fail', 50, 55, 'while requests still fail'],
  ['and another incident sets it right', 50, 300, '10 s before users were served again'],
])('gives nothing for "resolved" too early, %s', async (_, early, judged, because) => {
  const of = shift();
  of.at(40);
  const opened = of.desk.declare('Reading fails', 'SEV1');
  of.desk.update(opened, 'investigating', 'We are at it');
  of.at(early);
  of.desk.update(opened, 'resolved', 'All is well');
  of.at(judged);
  if (judged > 60) of.desk.update(of.desk.declare('Again', 'SEV1'), 'resolved', 'Now it is');
  expect((await parts(of))['tell users']).toBe(`0: the status page said "resolved" ${because}`);
});

it('counts what was written on the status page itself, also too early', async () => {
  const of = shift();
  of.at(40);
  const { id: incident } = of.desk.declare('Reading fails', 'SEV1');
  const wrote = (second: number, state: StatusEdit['state']) =>
    of.edits.push({
      id: `edit-${second}`,
      at: iso(second),
      incident,
      state,
      message: 'So it is',
      components: {},
    });
  wrote(41, 'investigating');
  wrote(70, 'resolved');
  of.at(100);
  expect((await parts(of))['tell users']).toBe('10: users were told 2 times, and nothing too early');
  expect(await of.judge(communicate)).toMatchObject({ accepted: true });
  wrote(45, 'resolved');
  expect((await parts(of))['tell users']).toMatch(/^0: .* 15 s before users were served again$/);
});

it('gives half for one word to users', async () => {
  const of = shift();
  of.at(40);
  of.desk.update(of.desk.declare('Reading fails', 'SEV1'), 'investigating', 'We are at it');
  of.at(100);
  expect((await parts(of))['tell users']).toBe('5: users have been told 1 time; 2 times are wanted');
});

it('loses one part to a record that cannot be read, and no other', async () => {
  const of = shift();
  const inbox = { notifications: () => Promise.reject(new Error('The inbox does not answer')) };
  Object.assign(of.context, { observe: { ...of.context.observe, inbox } });
  of.at(100);
  expect(await parts(of)).toMatchObject({
    acknowledge: '0: not recorded: The inbox does not answer',
    mitigate: '10: users were served again after 40 s; 100 s are allowed',
  });
});
