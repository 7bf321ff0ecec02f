import type { ExerciseContext, NumberTask, Task } from '../../lab/exercise/model/model.ts';
import { declaredPrimary, lostWrites, repoint } from '../../lab/failover/failover.ts';
import type { ComponentState } from '../../lab/runtime/runtime.ts';
import { accepted, rejected } from '../kit/answers.ts';
import { communicate, declareIncident, postmortem } from './incident-tasks.ts';
import { pageOf } from './shift.ts';
import { toldBy, whatHappened } from './variants.ts';

const components = ['gateway', 'api-1', 'postgres-primary', 'postgres-replica', 'loki'] as const;

const gone: ReadonlySet<ComponentState> = new Set(['stopped', 'crashed', 'missing', 'paused']);

/** The database that explains the rest: it does nothing, or refuses what writes, and all that fails depends on it. */
async function lostDatabase(
  context: ExerciseContext,
): Promise<{ readonly id: string; readonly because: string } | undefined> {
  const { lab, observe, signal } = context;
  const database = (await lab.status()).find(({ id, state }) => id.startsWith('postgres') && gone.has(state));
  const up = await observe.prometheus.value('max(database_up{job="api"})', { signal });
  if (database !== undefined && up === 0) {
    const because = `${database.id} does nothing any more, and no replica reaches a database`;
    return { id: database.id, because };
  }
  if ((await toldBy(context)) !== 'disk full') return undefined;
  // A standby may have been promoted since, and the old primary refuse as a standby does: the first words are of this one.
  const because = `${declaredPrimary} answers, and refuses what writes: each failing request says so`;
  return { id: declaredPrimary, because };
}

export const whatIsLost: Task = {
  id: 'what-is-lost',
  prompt: 'Users get errors, from all replicas. Which component is the cause?',
  kind: 'choice',
  choices: [...components],
  hints: [
    'Follow the failure inwards: what does the gateway say of the replicas, and the replicas of what they need?',
    'All three replicas fail at once, and three do not break at the same moment. What do all of them need?',
    'npm run lab -- status shows what runs, npm run lab -- diagnose postgres what the database says of itself.',
  ],
  async verify(answer, context) {
    const cause = await lostDatabase(context);
    if (cause === undefined) return rejected('both databases run, and none refuses anything');
    return answer === cause.id
      ? accepted(cause.because)
      : rejected(`${answer} does its work; what it shows is a consequence`);
  },
  async solve(context) {
    const cause = await lostDatabase(context);
    if (cause === undefined) throw new Error('both databases run, and none refuses anything');
    return cause.id;
  },
  wrongAnswers: components
    .filter((one) => one !== declaredPrimary)
    .map((answer) => ({ answer, why: 'it runs' })),
};

const paged = async (context: ExerciseContext): Promise<number> => {
  const page = await pageOf(context);
  if (page === undefined) throw new Error('nobody has been paged');
  return page.atMs;
};

/** The last second with an acknowledged write before the break. */
function lastWriteMs(context: ExerciseContext): number {
  const { ledger, timeline, clock } = context;
  const slices = ledger.slices({
    fromMs: (timeline.brokenAtMs ?? clock.now()) - 10_000,
    toMs: (timeline.brokenAtMs ?? clock.now()) + 5_000,
  });
  const last = slices.filter((one) => (one.written ?? []).length > 0).at(-1);
  if (last === undefined) throw new Error('the client wrote nothing before the break');
  return last.second * 1000;
}

export const timeToDetect: NumberTask = {
  id: 'time-to-detect',
  prompt:
    'How many seconds passed from the last write that was acknowledged until the page reached the inbox? Answer as seconds=…',
  kind: 'number',
  fields: [
    {
      name: 'seconds',
      unit: 's',
      tolerance: 0.1,
      async truth(context) {
        const seconds = ((await paged(context)) - lastWriteMs(context)) / 1000;
        return { low: seconds - 2, high: seconds + 2 };
      },
    },
  ],
  because: 'this is your time to detect: probe, scrape, evaluation, `for`, group wait. Each is a choice',
  hints: [
    'Writes: notes_created_total stops to grow. Zoom in on sum(notes_created_total).',
    'The page: npm run lab -- inbox shows when it came.',
    'Subtract the two times of day.',
  ],
  solve: async (context) => `seconds=${(((await paged(context)) - lastWriteMs(context)) / 1000).toFixed(0)}`,
  wrongAnswers: [
    { answer: 'seconds=0', why: 'as if the page came with the loss' },
    { answer: 'seconds=120', why: 'the target, not the time' },
  ],
};

export const failOver: Task = {
  id: 'fail-over',
  prompt: 'Bring writes back, by any way. Nothing that was acknowledged may be lost.',
  kind: 'action',
  hints: [
    'The runbook of DatabaseDown says what to do: open it from the page in the inbox.',
    'Start the primary again, or make the standby a primary and point the API at it.',
    'npm run lab -- promote postgres-replica, then npm run lab -- repoint',
  ],
  how: 'npm run lab -- promote postgres-replica, then npm run lab -- repoint',
  async verify(context) {
    const { lab, ledger, timeline, clock } = context;
    const toMs = Math.floor(clock.now() / 1000) * 1000;
    const lately = ledger.written({ fromMs: toMs - 5_000, toMs });
    if (lately.length === 0) return rejected('no write has been acknowledged in the last five seconds');
    const brokenAtMs = timeline.brokenAtMs ?? toMs;
    const before = ledger.written({
      fromMs: timeline.steadyAtMs ?? timeline.startedAtMs,
      toMs: brokenAtMs + 2_000,
    });
    const lost = await lostWrites(lab, before);
    return lost.length <= 1
      ? accepted(
          `writes are acknowledged by ${await lab.primary()}; of ${before.length} notes from before the loss ${lost.length === 0 ? 'none is' : 'one is'} missing`,
        )
      : rejected(`${lost.length} of ${before.length} acknowledged notes are gone`);
  },
  async act({ lab, clock, signal, ledger }) {
    await lab.promote('postgres-replica');
    await repoint(lab, { signal });
    // The gateway has to find them ready, and the client to write.
    for (let waited = 0; waited < 30; waited++) {
      const toMs = Math.floor(clock.now() / 1000) * 1000;
      if (ledger.written({ fromMs: toMs - 3_000, toMs }).length > 0) return;
      await clock.sleep(1_000, signal);
    }
  },
};

export const tasks: readonly Task[] = [
  declareIncident,
  whatIsLost,
  whatHappened,
  timeToDetect,
  failOver,
  communicate,
  postmortem,
];
