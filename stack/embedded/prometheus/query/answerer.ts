import type { Engine, EngineOptions } from '../promql/engine.ts';
import { defaultLookbackMs } from '../promql/engine.ts';
import { PromqlTooHeavyError } from '../promql/errors.ts';
import type { Head } from '../storage/head.ts';
import type { QueryThreads } from './query-threads.ts';
import { answer, type Question, type Reply } from './question.ts';
import { selectionsOf } from './reach.ts';
import { takeSnapshot } from './snapshot.ts';

/** What this thread computes at once, in `Budget.work`'s cells: 20 to 50 ms. A query above goes to a thread of its own. */
export const maxWorkHere = 100_000;

/** Answers queries so that scraping, rules and other requests are never held up for long. */
export class Answerer {
  readonly #head: Head;
  readonly #threads: QueryThreads;
  readonly #engine: () => EngineOptions;

  constructor(head: Head, threads: QueryThreads, engine: () => EngineOptions) {
    this.#head = head;
    this.#threads = threads;
    this.#engine = engine;
  }

  /**
   * Answers here what is little work, which is nearly everything; what turns out to be more is begun anew in another
   * thread, over the samples of this moment.
   *
   * @throws what the engine throws
   */
  async ask(engine: Engine, question: Question, signal: AbortSignal): Promise<Reply> {
    try {
      return answer(engine, this.#head, question, { signal, maxWork: maxWorkHere });
    } catch (error) {
      if (!(error instanceof PromqlTooHeavyError)) throw error;
    }
    const options = this.#engine();
    const lookbackMs = question.lookbackMs || options.lookbackMs || defaultLookbackMs;
    const selections = selectionsOf(engine.parse(question.text), question, lookbackMs);
    return this.#threads.ask(question, options, takeSnapshot(this.#head, selections), signal);
  }
}
