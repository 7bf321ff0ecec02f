import { describe, expect, it } from 'vitest';
import { communicate, declareIncident } from './incident-tasks.ts';
import { shift } from './test-shift.ts';

describe('declaring', () => {
  it('is asked for, with a severity that fits and a word to users', async () => {
    const { desk, at, judge } = shift();
    at(5);
    desk.declare('of an earlier shift', 'SEV1');
    at(40);
    expect((await judge(declareIncident)).because).toContain('no incident');
    const opened = desk.declare('Reading fails', 'SEV3');
    expect((await judge(declareIncident)).because).toContain('SEV3 is too low');
    desk.grade(opened, 'SEV1', 'nothing works');
    expect((await judge(declareIncident)).because).toContain('told nothing');
    desk.update(opened, 'investigating', 'We are at it');
    expect((await judge(declareIncident)).accepted).toBe(true);
  });
});

describe('the severity that the lab proposes', () => {
  it('is accepted, also when users feel more a moment later', async () => {
    // A quarter of what was asked in the quarter of a minute before has failed, then more than half.
    const { desk, at, judge } = shift({ failing: [[36, 60]] });
    at(40);
    const opened = desk.declare('Notes cannot be saved', 'SEV2');
    desk.update(opened, 'investigating', 'We are at it');
    at(60);
    expect((await judge(declareIncident)).accepted).toBe(true);
  });
});

describe('communicating', () => {
  it('is accepted with a word during and a word after', async () => {
    const { desk, at, judge } = shift();
    at(40);
    const opened = desk.declare('Reading fails', 'SEV1');
    desk.update(opened, 'investigating', 'We are at it');
    at(70);
    expect((await judge(communicate)).because).toContain('still open');
    desk.update(opened, 'resolved', 'All is well');
    at(100);
    expect(await judge(communicate)).toMatchObject({ accepted: true });
  });

  it.each([
    ['too early', 50, ['investigating'], 'said "resolved" 10 s before'],
    ['as the only word', 70, [], 'told once'],
  ] as const)('is rejected when "resolved" comes %s', async (_, second, before, because) => {
    const { desk, at, judge } = shift();
    at(40);
    const opened = desk.declare('Reading fails', 'SEV1');
    for (const state of before) desk.update(opened, state, 'We are at it');
    at(second);
    desk.update(opened, 'resolved', 'All is well');
    at(100);
    const judgement = await judge(communicate);
    expect(judgement.accepted).toBe(false);
    expect(judgement.because).toContain(because);
  });

  it('is rejected when users hear of it only afterwards', async () => {
    const { desk, at, judge } = shift();
    at(40);
    const opened = desk.declare('Reading fails', 'SEV1');
    at(80);
    desk.update(opened, 'monitoring', 'It was down');
    desk.update(opened, 'resolved', 'All is well');
    at(100);
    expect((await judge(communicate)).because).toContain('only after it was over');
  });
});
