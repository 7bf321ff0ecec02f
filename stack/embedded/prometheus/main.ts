import { isMainThread } from 'node:worker_threads';

/** One program: the server, and in its threads what answers one heavy query. Each loads its own parts only. */
if (isMainThread) void import('./start.ts').then(({ runPrometheus }) => runPrometheus(process.argv[1]!));
else void import('./query/query-worker.ts').then(({ answerInThread }) => answerInThread());
