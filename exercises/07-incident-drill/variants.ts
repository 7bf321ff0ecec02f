// What may have happened to the primary, how the replicas' own words tell it, and what each variant breaks.

import { replicas } from '../../lab/deploy/deploy.ts';
import type { Check, DetectionPlan, ExerciseContext, TextTask } from '../../lab/exercise/model/model.ts';
import { declaredPrimary } from '../../lab/failover/failover.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import type { FaultSpec } from '../../lab/faults/fault.ts';
import { alertLife } from '../kit/alert-life.ts';
import { accepted, rejected } from '../kit/answers.ts';
import { evidenceFrom } from '../kit/moments.ts';
import { freshSeconds, threeTurns, twoTurns } from '../kit/windows.ts';

/** In the order of the seeds: 1, 4, 7 … kill the primary, 2, 5, 8 … hang it, 3, 6, 9 … let it refuse writes. */
export const happenings = ['killed', 'hung', 'disk full'] as const;
export type Happening = (typeof happenings)[number];

interface Way {
  readonly fault: string;
  /**
   * What a replica says first of its database: of a process that is gone the kernel closes the connection and refuses the
   * next one; one that hangs keeps it open and stays silent; one whose disk is full answers, and refuses what writes.
   */
  readonly words: RegExp;
  /** What `database_up` says: it asks by reading. */
  readonly up: 0 | 1;
  readonly detection: DetectionPlan;
}

const databaseDown: DetectionPlan = {
  alertname: 'DatabaseDown',
  labels: { service: 'postgres' },
  evaluations: 1,
  onset: { seconds: 2, why: 'each replica asks the database every second, and gives an answer a second' },
};
/** What writes, of all requests of `steady`. */
const writing = 0.26;
const pagesFrom = 0.05;

const ways: Readonly<Record<Happening, Way>> = {
  killed: {
    fault: 'kill',
    words: /not queryable|terminat|ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN/i,
    up: 0,
    detection: databaseDown,
  },
  hung: { fault: 'pause', words: /timeout/i, up: 0, detection: databaseDown },
  'disk full': {
    fault: 'read-only',
    words: /read-only transaction/i,
    up: 1,
    detection: {
      alertname: 'HighErrorRate',
      labels: { service: 'gateway' },
      evaluations: 2,
      onset: {
        seconds: ({ rateWindowSeconds }) => Math.ceil((pagesFrom / writing) * rateWindowSeconds),
        why: 'a quarter of the requests write, and 5 % of the window have to be their errors',
      },
    },
  },
};

export const breakOf = (happening: Happening): FaultSpec =>
  faultSpec(ways[happening].fault, { target: declaredPrimary });

export const detectionOf = (happening: Happening): DetectionPlan => ways[happening].detection;

/** The life of the alert that tells of it first. */
export const firstAlert = (happening: Happening) =>
  alertLife({
    alertname: ways[happening].detection.alertname,
    called: { id: 'page', name: 'the first alert' },
    resolvedWithinSeconds: (pace) => 2 * threeTurns(pace),
  });

/**
 * Claims the same in every variant: what a probe that only reads says of a database that takes no writes. Who is content
 * with it has to see that nothing is saved.
 */
export const probeAgrees = (happening: Happening): Check => {
  const query = (said: string): string => `database_up{job="api"}${said}`;
  return {
    id: 'probe-agrees',
    claim: 'all three replicas save nothing, and database_up says what a look by reading finds',
    pillar: 'metrics',
    query: query(''),
    async measure({ observe, pace, signal }) {
      const saves = `sum by (instance) (rate(notes_created_total{job="api"}[${freshSeconds(pace)}s])) > 0`;
      const agree = `count(${query(` == ${ways[happening].up}`)} unless on (instance) (${saves}))`;
      // A filter that leaves nothing is no series: none of them.
      return observe.prometheus.value(`${agree} or vector(0)`, { signal });
    },
    guard: {
      what: 'replicas that tell of their database',
      measure: ({ observe, signal }) => observe.prometheus.value(`count(${query('')})`, { signal }),
    },
    expect: { equals: 3, unit: 'replicas' },
    withinSeconds: twoTurns,
    link: ({ observe }) => observe.prometheus.link(query('')),
    next: 'npm run lab -- diagnose postgres: does it answer, and does it write?',
  };
};

const lines = '{service="api", level="error"} |~ "database unreachable|cannot execute"';
const query = `${lines} | json`;
const firstWordsWithinMs = 60_000;

/** Each replica's first word of its database since the break, as `error.message` of the line. */
async function wordsOf(context: ExerciseContext): Promise<ReadonlyMap<string, string>> {
  const { observe, clock, signal } = context;
  const startMs = evidenceFrom(context);
  // A repair that was tried since, and helped nothing, gives them other words for minutes.
  const range = { startMs, endMs: Math.min(clock.now(), startMs + firstWordsWithinMs), signal };
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
  claim: 'all three replicas log what they met at the database',
  pillar: 'logs',
  query,
  async measure(context) {
    const words = [...(await wordsOf(context)).values()];
    return words.filter((one) => ways[happening].words.test(one)).length;
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
export async function toldBy(context: ExerciseContext): Promise<Happening | undefined> {
  const words = [...(await wordsOf(context)).values()];
  return happenings.find(
    (one) => words.length === replicas.length && words.every((word) => ways[one].words.test(word)),
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
    'behind a broken network the primary would be well where it stands, and answer no replica, not even a read; look at what npm run lab -- status says of it, and at what the replicas are told',
};

export const whatHappened: TextTask = {
  id: 'what-happened',
  prompt: 'What happened to it?',
  kind: 'choice',
  choices: Object.keys(instead),
  hints: [
    'Some ways to fail answer at once, others keep the caller waiting, others answer a part. Which is it?',
    'Every replica has logged what it met at its database.',
    '{service="api", level="error"} |~ "database unreachable|cannot execute" | json, and read error_message',
  ],
  async verify(answer, context) {
    const told = await toldBy(context);
    if (told === undefined) throw new Error('the replicas have not all logged what they met');
    return answer === told
      ? accepted('the replicas say so: each logged what it met')
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
