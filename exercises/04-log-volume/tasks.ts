import type { ExerciseContext, NumberTask, Task } from '../../lab/exercise/model/model.ts';
import type { LogLine } from '../../lab/observe/loki-client.ts';
import { ObserveError } from '../../lab/observe/observe-error.ts';
import { accepted, recentRange, rejected } from '../kit/answers.ts';
import { plantedLines, timesMore, volume, volumeBefore } from './telemetry.ts';

/** What a gigabyte of logs costs to take in, in US dollars: the list price of large vendors in 2025. */
export const dollarsPerGigabyte = 0.5;
const secondsADay = 86_400;

export const howMuch: NumberTask = {
  id: 'how-much',
  prompt: `How many times as much as before is logged, and what would a day of it be in GB and in dollars, at ${dollarsPerGigabyte} dollars a GB? Answer as times=… gb=… dollars=…`,
  kind: 'number',
  fields: [
    {
      name: 'times',
      unit: '',
      tolerance: 0.2,
      async truth(context) {
        const { low, high } = await recentRange(context, volume);
        const before = await volumeBefore(context);
        return { low: low / before, high: high / before };
      },
    },
    {
      name: 'gb',
      unit: 'GB',
      tolerance: 0.2,
      truth: (context) => recentRange(context, volume, secondsADay / 1e9),
    },
    {
      name: 'dollars',
      unit: '',
      tolerance: 0.2,
      truth: (context) => recentRange(context, volume, (secondsADay / 1e9) * dollarsPerGigabyte),
    },
  ],
  because: 'nobody decided to spend that: somebody switched debug on and went home',
  hints: [
    'Loki counts the bytes that it receives; their rate is recorded as loki:received_bytes:rate.',
    'Compare it now with a moment before the break: loki:received_bytes:rate offset 2m.',
    'A day has 86400 seconds, a GB is 1e9 bytes: loki:received_bytes:rate * 86400 / 1e9.',
  ],
  async solve(context) {
    const [times, rate] = await Promise.all([
      timesMore(context),
      context.observe.prometheus.value(volume, { signal: context.signal }),
    ]);
    if (times === undefined || rate === undefined) throw new Error('Prometheus has no volume');
    const gb = (rate * secondsADay) / 1e9;
    return `times=${times.toFixed(1)} gb=${gb.toFixed(1)} dollars=${(gb * dollarsPerGigabyte).toFixed(2)}`;
  },
  wrongAnswers: [
    { answer: 'times=2 gb=1 dollars=0.5', why: 'a guess' },
    {
      why: 'an hour taken for a day',
      answer: async (context) =>
        (await howMuch.solve(context)).replace(
          /(gb|dollars)=([\d.]+)/g,
          (_, name, value) => `${name}=${Number(value) / 24}`,
        ),
    },
  ],
};

/** The service and message with most debug lines now. */
async function loudest({
  observe,
  pace,
  signal,
}: ExerciseContext): Promise<{ service: string; message: string }> {
  const found = await observe.loki.query(
    `topk(1, sum by (service, message) (count_over_time({app="notes", level="debug"} | json message="message" [${pace.rateWindowSeconds}s])))`,
    { signal },
  );
  const { service, message } = found[0]?.labels ?? {};
  if (service === undefined || message === undefined) throw new Error('Loki has no debug line');
  return { service, message };
}

export const whoIsLoud: Task = {
  id: 'who-is-loud',
  prompt: 'Which service and which message make up most of the debug lines? Answer as: service, message',
  kind: 'text',
  hints: [
    'Count lines by what they say: a metric query over a log query.',
    '| json takes the fields out of a line; sum by (service, message) (count_over_time(… [15s])) counts them.',
    'topk(1, sum by (service, message) (count_over_time({app="notes", level="debug"} | json [15s])))',
  ],
  async verify(answer, context) {
    const { service, message } = await loudest(context);
    const given = answer.toLowerCase();
    if (!given.includes(message.toLowerCase())) return rejected('another message is more frequent');
    return given.replace(message.toLowerCase(), '').includes(service)
      ? accepted(`"${message}" of ${service} is the most frequent line`)
      : rejected('the message is right, and comes from another service');
  },
  solve: async (context) => Object.values(await loudest(context)).join(', '),
  wrongAnswers: [
    { answer: 'gateway, request completed', why: 'an info line' },
    { answer: 'api', why: 'no message' },
  ],
};

/** The planted lines and the learner's, of the same fresh stretch of time. */
export const findPlanted: Task = {
  id: 'find-planted',
  prompt:
    'Something is lost now and then, and says so in the log. Write a LogQL query that returns exactly those error lines, and none of the many that only contain the word "error".',
  kind: 'logql',
  hints: [
    'The word stands in debug lines as well ("no error found"). The level is a label: it costs nothing to filter by it.',
    '{app="notes", level="error"}: are there others among them?',
    '{service="gateway", level="error"} |= "settlement lost"',
  ],
  async verify(answer, context) {
    const { loki } = context.observe;
    // Sent in batches: the newest are still on their way.
    const endMs = context.clock.now() - 1_500;
    const range = { startMs: endMs - 10_000, endMs, limit: 5000, signal: context.signal };
    const planted = await loki.lines(plantedLines, range);
    if (planted.length < 3) throw new Error(`only ${planted.length} lines to find at this moment`);
    try {
      const found = await loki.lines(answer, range);
      const key = ({ line }: LogLine): string => line;
      const wanted = new Set(planted.map(key));
      const missed = [...wanted].filter((line) => !found.some((one) => key(one) === line)).length;
      const surplus = found.filter((one) => !wanted.has(key(one))).length;
      if (missed > 0)
        return rejected(`it misses ${missed} of the ${wanted.size} lines of the last ten seconds`);
      if (surplus > 0) return rejected(`it returns ${surplus} lines besides that report no loss`);
      return accepted(`it returned the ${wanted.size} lines of the last ten seconds, and nothing else`);
    } catch (error) {
      if (error instanceof ObserveError && (error.failure === 'refused' || error.failure === 'shape'))
        return rejected(error.message);
      throw error;
    }
  },
  solve: async () => '{app="notes", level="error"} | json | message="settlement lost"',
  wrongAnswers: [
    { answer: '{app="notes"} |= "error"', why: 'finds the word wherever it stands' },
    { answer: '{app="notes", level="debug"} |= "error"', why: 'finds the noise only' },
    { answer: '{app="notes", level="fatal"}', why: 'finds nothing' },
    { answer: '{app="notes" level="error"}', why: 'no LogQL: a comma is missing' },
  ],
};
