/** A thread that answers one query and ends. What is sent to it: the task, the parcels of the snapshot, and their end. */
import { parentPort, workerData } from 'node:worker_threads';
import { createEngine, type EngineOptions } from '../promql/engine.ts';
import { answer, type Question, type Reply } from './question.ts';
import { type Parcel, Snapshot } from './snapshot.ts';

export interface QueryTask {
  readonly question: Question;
  readonly engine: EngineOptions;
}

/** What the thread sends back, once. Errors keep their name, as classes are lost on the way. */
export type QueryOutcome = { readonly reply: Reply } | { readonly error: { name: string; message: string } };

/** Answers the query of this thread. */
export function answerInThread(): void {
  const port = parentPort!;
  const { question, engine } = workerData as QueryTask;
  const snapshot = new Snapshot();
  port.on('message', (parcel: Parcel | 'end') => {
    if (parcel !== 'end') {
      snapshot.add(parcel);
      return;
    }
    try {
      const { dataJson, ...reply } = answer(createEngine(engine), snapshot, question);
      const bytes = new TextEncoder().encode(dataJson);
      port.postMessage({ reply: { ...reply, dataJson: bytes } } satisfies QueryOutcome, [bytes.buffer]);
    } catch (error) {
      const { name, message } = error as Error;
      port.postMessage({ error: { name, message } } satisfies QueryOutcome);
    }
    port.close();
  });
}
