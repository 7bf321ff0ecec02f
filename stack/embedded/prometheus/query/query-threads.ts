import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { EngineOptions } from '../promql/engine.ts';
import {
  PromqlCanceledError,
  PromqlExecutionError,
  PromqlInvalidQueryError,
  PromqlParseError,
  PromqlTimeoutError,
} from '../promql/errors.ts';
import type { QueryOutcome, QueryTask } from './query-worker.ts';
import type { Question, Reply } from './question.ts';
import type { Parcel } from './snapshot.ts';

/** The program that a thread runs: it calls `answerInThread`. */
export interface ThreadProgram {
  readonly file: string;
}

/** JavaScript's own memory; the arrays of samples are bounded by `--query.max-samples`. */
const heapMebibytes = 512;

/**
 * Answers heavy queries, each in a thread of its own: it takes no time from scraping and rules, a query that is
 * canceled or late is ended wherever it is, and one that runs out of memory ends alone.
 */
export class QueryThreads {
  readonly #program: ThreadProgram;
  readonly #maxConcurrency: number;
  readonly #running = new Set<Worker>();
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(program: ThreadProgram, maxConcurrency: number) {
    this.#program = program;
    this.#maxConcurrency = maxConcurrency;
  }

  /**
   * Answers over the parcels, which are sent as they come. Waits for its turn while as many queries run as may.
   *
   * @throws PromqlParseError, PromqlInvalidQueryError, PromqlExecutionError, PromqlTimeoutError, PromqlCanceledError
   */
  async ask(
    question: Question,
    engine: EngineOptions,
    parcels: Iterable<Parcel>,
    signal: AbortSignal,
  ): Promise<Reply> {
    const deadline = performance.now() + question.timeoutMs;
    await this.#turn(question.timeoutMs, signal);
    try {
      const timeoutMs = Math.max(0, deadline - performance.now());
      return await this.#run({ question: { ...question, timeoutMs }, engine }, parcels, signal);
    } finally {
      this.#taken--;
      this.#waiting.shift()?.();
    }
  }

  /** Ends what runs: the server stops. */
  stop(): void {
    for (const worker of this.#running) void worker.terminate();
  }

  async #turn(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#taken >= this.#maxConcurrency) {
      await ending(timeoutMs, 'query queue', signal, (done) => {
        this.#waiting.push(done);
        return () => {
          const at = this.#waiting.indexOf(done);
          if (at !== -1) this.#waiting.splice(at, 1);
        };
      });
    }
    this.#taken++;
  }

  async #run(task: QueryTask, parcels: Iterable<Parcel>, signal: AbortSignal): Promise<Reply> {
    const { timeoutMs } = task.question;
    const outcome = await ending<QueryOutcome>(timeoutMs, 'expression evaluation', signal, (done, fail) => {
      const worker = new Worker(this.#program.file, {
        workerData: task,
        resourceLimits: { maxOldGenerationSizeMb: heapMebibytes },
      });
      this.#running.add(worker);
      worker.once('message', done);
      worker.once('error', (error: Error & { code?: string }) => fail(fromThread(error)));
      worker.once('exit', () => {
        this.#running.delete(worker);
        fail(new PromqlCanceledError());
      });
      void send(worker, parcels, signal);
      return () => void worker.terminate();
    });
    if ('reply' in outcome) return outcome.reply;
    throw named(outcome.error);
  }
}

/** Sends parcel by parcel and lets the other work of this thread go on in between. */
async function send(worker: Worker, parcels: Iterable<Parcel>, signal: AbortSignal): Promise<void> {
  for (const parcel of parcels) {
    if (signal.aborted) return;
    const { counts, chunks, bytes, open } = parcel;
    worker.postMessage(parcel, [counts.buffer, chunks.buffer, bytes.buffer, open.buffer]);
    await nextTurn();
  }
  worker.postMessage('end');
}

/** Waits for what `start` begins, at most until the deadline and while the caller is there; then cleans up after it. */
async function ending<T = void>(
  timeoutMs: number,
  where: string,
  signal: AbortSignal,
  start: (done: (value: T) => void, fail: (error: Error) => void) => () => void,
): Promise<T> {
  if (signal.aborted) throw new PromqlCanceledError();
  let cleanUp: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      timer = setTimeout(() => reject(new PromqlTimeoutError(where)), timeoutMs);
      onAbort = () => reject(new PromqlCanceledError());
      signal.addEventListener('abort', onAbort);
      cleanUp = start(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
    cleanUp?.();
  }
}

function fromThread(error: Error & { code?: string }): Error {
  if (error.code !== 'ERR_WORKER_OUT_OF_MEMORY') return error;
  return new PromqlExecutionError(
    `the query needs more than the ${heapMebibytes} MiB of memory that one query may use; ask for fewer series or steps`,
  );
}

const errors: Readonly<Record<string, new (message: string) => Error>> = {
  PromqlInvalidQueryError,
  PromqlExecutionError,
  PromqlTooManySamplesError: PromqlExecutionError,
  RangeError,
};

/** The error that the thread met, with its class. */
function named({ name, message }: { name: string; message: string }): Error {
  if (name === 'PromqlTimeoutError') return new PromqlTimeoutError();
  if (name === 'PromqlParseError') return new PromqlParseError(message, message);
  return new (errors[name] ?? Error)(message);
}
