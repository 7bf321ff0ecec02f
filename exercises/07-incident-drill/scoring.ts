// What a drill is about besides its tasks: how fast, told to whom, and written up. Judged from records alone.
import { existsSync, readFileSync } from 'node:fs';
import type { ExerciseContext, PartJudgement, ScoredPart } from '../../lab/exercise/model/model.ts';
import { currentAct, type Progress } from '../../lab/exercise/model/progress.ts';
import { postmortemFile, reviewPostmortem } from '../../lab/incident/postmortem.ts';
import { figuresOf } from '../../lab/incident/records.ts';
import { brokenAtMs, harmOf, incidentsOf, pageOf } from './shift.ts';
import { allowedSeconds, type Target } from './targets.ts';
import { whatIsLost } from './tasks.ts';

const points = 10;

/** All of it within the target, half of it in twice the time, a quarter in four times. */
function timed(
  context: ExerciseContext,
  target: Target,
  what: string,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number | undefined },
): PartJudgement {
  const allowed = allowedSeconds(target, context.pace);
  const seconds = Math.max(0, Math.round(((toMs ?? context.clock.now()) - fromMs) / 1000));
  return {
    worth: toMs === undefined ? 0 : seconds <= allowed ? 1 : allowed / seconds,
    because: `${what} ${seconds} s; ${allowed} s are allowed`,
    open: toMs === undefined,
  };
}

const acknowledge: ScoredPart = {
  name: 'acknowledge',
  points,
  async judge(context) {
    const page = await pageOf(context);
    if (page === undefined) return { worth: 0, because: 'nobody has been paged', open: true };
    const { atMs: fromMs, takenAtMs: toMs } = page;
    const what = toMs === undefined ? 'nobody has taken the page, for' : 'acknowledged after';
    return timed(context, 'acknowledge', what, { fromMs, toMs });
  },
};

/** Who only declares it knows that something is wrong, which is half of knowing what. */
const diagnose: ScoredPart = {
  name: 'diagnose',
  points,
  async judge(context, progress) {
    const fromMs = brokenAtMs(context);
    const diagnosedAtMs = ownAnswerAtMs(progress);
    const declaredAtMs = (await incidentsOf(context))[0]?.declaredAtMs;
    const diagnosed =
      diagnosedAtMs === undefined
        ? timed(context, 'diagnose', 'the cause has not been named, for', { fromMs, toMs: undefined })
        : timed(context, 'diagnose', 'diagnosed after', { fromMs, toMs: diagnosedAtMs });
    if (declaredAtMs === undefined) return diagnosed;
    const declared = timed(context, 'diagnose', 'declared after', { fromMs, toMs: declaredAtMs });
    const half = declared.worth / 2;
    if (diagnosed.worth >= half) return diagnosed;
    return { worth: half, because: `${diagnosed.because}; ${declared.because}, which counts half` };
  },
};

/** When the learner named the cause without being shown it. */
function ownAnswerAtMs(progress: Progress): number | undefined {
  const { answeredAt, shown = false } = currentAct(progress).tasks[whatIsLost.id] ?? {};
  return answeredAt === undefined || shown ? undefined : Date.parse(answeredAt);
}

const mitigate: ScoredPart = {
  name: 'mitigate',
  points,
  judge(context) {
    const harm = harmOf(context);
    if (harm === undefined) return { worth: 0, because: 'users have not been harmed', open: true };
    const what = harm.toMs === undefined ? 'users have been harmed for' : 'users were served again after';
    return timed(context, 'mitigate', what, harm);
  },
};

const communicate: ScoredPart = {
  name: 'tell users',
  points,
  async judge(context) {
    const incidents = await incidentsOf(context);
    const updates = incidents.flatMap((one) => one.updates).sort((a, b) => a.atMs - b.atMs);
    const harm = harmOf(context);
    const early = updates.find(
      ({ state, atMs }) => state === 'resolved' && harm !== undefined && atMs < (harm.toMs ?? Infinity),
    );
    if (early !== undefined) {
      const before =
        harm?.toMs === undefined
          ? 'while requests still fail'
          : `${Math.round((harm.toMs - early.atMs) / 1000)} s before users were served again`;
      return { worth: 0, because: `the status page said "resolved" ${before}` };
    }
    const told = `users have been told ${times(updates.length)}; 2 times are wanted`;
    if (updates.length === 0) return { worth: 0, because: told, open: true };
    return updates.length === 1
      ? { worth: 0.5, because: told }
      : { worth: 1, because: `users were told ${times(updates.length)}, and nothing too early` };
  },
};

const writeUp: ScoredPart = {
  name: 'write it up',
  points,
  async judge(context) {
    const incident = (await incidentsOf(context)).at(-1);
    if (incident === undefined) return { worth: 0, because: 'no incident has been declared', open: true };
    const file = postmortemFile(context.lab.directory, incident.id);
    if (!existsSync(file)) return { worth: 0, because: 'there is no postmortem', open: true };
    const figures = await figuresOf(context, incident, context.clock.now());
    const [problem, ...more] = reviewPostmortem(readFileSync(file, 'utf8'), figures);
    return problem === undefined
      ? { worth: 1, because: 'the postmortem is complete, and its figures are those of the records' }
      : { worth: 0.5, because: `the postmortem lacks ${more.length + 1}, such as: ${problem}` };
  },
};

const times = (count: number): string => (count === 1 ? '1 time' : `${count} times`);

/** Half of the hundred points. The tasks share the other half. */
export const scored: readonly ScoredPart[] = [acknowledge, diagnose, mitigate, communicate, writeUp];
