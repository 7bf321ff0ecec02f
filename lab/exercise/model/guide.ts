import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ObserveError } from '../../observe/observe-error.ts';
import type { ExerciseContext } from './model.ts';

/** A block that is rightly empty has this above it, with the reason. */
const emptyMark = /<!-- empty: .+ -->\s*$/;

/** The queries of a guide, ready to paste: its code blocks without a language, except for commands. */
export function queriesOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap((block) => {
    const text = block[2]!.trim();
    if (block[1] !== '' || text.startsWith('npm run lab') || emptyMark.test(markdown.slice(0, block.index)))
      return [];
    return [text];
  });
}

/** The queries of an exercise's guide; none where it has no guide. */
export function readGuide(projectRoot: string, exerciseId: string): string[] {
  const file = join(projectRoot, 'exercises', exerciseId, 'README.md');
  return existsSync(file) ? queriesOf(readFileSync(file, 'utf8')) : [];
}

/** Which of a guide's queries have given something to see, over a whole exercise. */
export class GuideQueries {
  readonly #waiting: Set<string>;

  constructor(queries: readonly string[]) {
    this.#waiting = new Set(queries);
  }

  /** Those that have found nothing so far. */
  get unanswered(): readonly string[] {
    return [...this.#waiting];
  }

  /** Asks what has found nothing yet. A backend that cannot be asked answers nothing. */
  async ask(context: ExerciseContext): Promise<void> {
    await Promise.all(
      [...this.#waiting].map(async (query) => {
        if ((await answersMetrics(query, context)) || (await answersLogs(query, context))) {
          this.#waiting.delete(query);
        }
      }),
    );
  }
}

const answersMetrics = (query: string, { observe, signal }: ExerciseContext): Promise<boolean> =>
  found(async () => (await observe.prometheus.query(query, { signal })).length);

/** Lines since the act began, or a metric of them. */
async function answersLogs(query: string, context: ExerciseContext): Promise<boolean> {
  const { observe, timeline, clock, signal } = context;
  const range = { startMs: timeline.startedAtMs, endMs: clock.now(), limit: 1, signal };
  return (
    (await found(async () => (await observe.loki.lines(query, range)).length)) ||
    (await found(async () => (await observe.loki.query(query, { signal })).length))
  );
}

/** What the other language is, or another kind of query, is refused: nothing was found. */
async function found(count: () => Promise<number>): Promise<boolean> {
  try {
    return (await count()) > 0;
  } catch (error) {
    if (error instanceof ObserveError) return false;
    throw error;
  }
}
