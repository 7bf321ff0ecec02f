// What may have happened to the primary, how the replicas' own words tell it, and what each variant breaks.

import { replicas } from '../../lab/deploy/deploy.ts';
import type { Check, ExerciseContext, TextTask } from '../../lab/exercise/model/model.ts';
import { declaredPrimary } from '../../lab/failover/failover.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import type { FaultSpec } from '../../lab/faults/fault.ts';
import { accepted, rejected } from '../kit/answers.ts';
import { evidenceFrom } from '../kit/moments.ts';
import { twoTurns } from '../kit/windows.ts';

/** In the order of the seeds: 1, 3, 5 … kill the primary, 2, 4, 6 … hang it. */
export const happenings = ['killed', 'hung'] as const;
export type Happening = (typeof happenings)[number];

export const breakOf = (happening: Happening): FaultSpec =>
  faultSpec(happening === 'killed' ? 'kill' : 'pause', { target: declaredPrimary });

/**
 * What a replica says first of its connection: of a process that is gone the kernel closes it and refuses the next one;
 * one that hangs keeps it open and stays silent.
 */
const firstWords: Readonly<Record<Happening, RegExp>> = {
  killed: /not queryable|terminat|ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN/i,
  hung: /timeout/i,
};

const lines = '{service="api", level="error"} |= "database unreachable"';
const query = `${lines} | json`;

/** Each replica's first word of its database since the break, as `error.message` of the line. */
async function wordsOf(context: ExerciseContext): Promise<ReadonlyMap<string, string>> {
  const { observe, clock, signal } = context;
  const range = { startMs: evidenceFrom(context), endMs: clock.now(), signal };
  const words = new Map<string, string>();
  // Newest first: the oldest stays.
  for (const { line } of await observe.loki.lines(lines, range)) {
    const { instance = '', error } = JSON.parse(line) as { instance?: string; error?: { message?: string } };
    words.set(instance, error?.message ?? '');
  }
  return words;
}

/** Claims the same in every variant, and is met only by the words of its own. */
export const wordsTell = (happening: Happening): Check => ({
  id: 'words-tell',
  claim: 'all three replicas log what became of their connection to the database',
  pillar: 'logs',
  query,
  async measure(context) {
    const words = [...(await wordsOf(context)).values()];
    return words.filter((one) => firstWords[happening].test(one)).length;
  },
  guard: {
    what: 'log lines of the gateway',
    measure: ({ observe, pace, signal }) =>
      observe.loki.count(`sum(count_over_time({service="gateway"} [${pace.rateWindowSeconds}s]))`, {
        signal,
      }),
  },
  expect: { equals: 3, unit: 'replicas' },
  withinSeconds: twoTurns,
  link: ({ observe }) => observe.grafana.exploreLink('loki', query),
  next: 'read the error of these lines',
});

/** What happened, by the replicas' words alone; undefined while they do not agree. */
async function toldBy(context: ExerciseContext): Promise<Happening | undefined> {
  const words = [...(await wordsOf(context)).values()];
  return happenings.find(
    (one) => words.length === replicas.length && words.every((word) => firstWords[one].test(word)),
  );
}

/** Why it is not that: what one would see then. */
const instead: Readonly<Record<string, string>> = {
  killed:
    'the connections of a killed process are closed by the system, and new ones refused at once; the replicas say something else of theirs',
  hung: 'a process that hangs keeps its connections open and answers nothing, so that callers time out; the replicas say something else of theirs',
  'disk full':
    'a database whose disk is full refuses writes and goes on to answer reads; here database_up is 0, and that only reads',
  network:
    'behind a broken network the primary would run and be ready where it stands; npm run lab -- status says what it does',
};

export const whatHappened: TextTask = {
  id: 'what-happened',
  prompt: 'What happened to it?',
  kind: 'choice',
  choices: Object.keys(instead),
  hints: [
    'Some ways to fail answer at once, others keep the caller waiting, others answer a part. Which is it?',
    'Every replica has logged, once, what it met when its database went away.',
    '{service="api", level="error"} |= "database unreachable" | json, and read error_message',
  ],
  async verify(answer, context) {
    const told = await toldBy(context);
    if (told === undefined) throw new Error('the replicas have not all logged what they met');
    return answer === told
      ? accepted('the replicas say so: each logged what became of its connection')
      : rejected(instead[answer] ?? `choose one of ${Object.keys(instead).join(', ')}`);
  },
  async solve(context) {
    const told = await toldBy(context);
    if (told === undefined) throw new Error('the replicas have not all logged what they met');
    return told;
  },
  // Every choice but the right one, which only telemetry knows.
  wrongAnswers: [1, 2, 3].map((nth) => ({
    why: 'it would look otherwise',
    async answer(context) {
      const told = await toldBy(context);
      return Object.keys(instead).filter((one) => one !== told)[nth - 1]!;
    },
  })),
};
