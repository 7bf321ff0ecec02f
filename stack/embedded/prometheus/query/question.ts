import { renderResult } from '../api/render.ts';
import type { Engine } from '../promql/engine.ts';
import type { QueryResult } from '../promql/result.ts';
import type { Queryable } from '../storage/queryable.ts';

/** A query as the API was asked; plain data, so that it can be sent to another thread. */
export interface Question {
  readonly kind: 'instant' | 'range';
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Zero for an instant query. */
  readonly stepMs: number;
  readonly timeoutMs: number;
  readonly lookbackMs: number | undefined;
  /** Series in the answer; zero for all. */
  readonly limit: number;
  /** What the parameter `stats` says; empty for no statistics. */
  readonly stats: string;
  readonly perStepStats: boolean;
}

/** The members of the answer, `data` as JSON text: as text, or in UTF-8 where another thread wrote it. */
export interface Reply {
  readonly dataJson: string | Uint8Array;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/** Evaluates the query and writes the answer. @throws what the engine throws */
export function answer(
  engine: Engine,
  queryable: Queryable,
  question: Question,
  { signal, maxWork }: { signal?: AbortSignal; maxWork?: number } = {},
): Reply & { readonly dataJson: string } {
  const { kind, text, startMs, endMs, stepMs, timeoutMs, lookbackMs, limit, stats } = question;
  const started = performance.now();
  const options = { timeoutMs, lookbackMs, signal, maxWork };
  const result =
    kind === 'instant'
      ? engine.instantQuery(queryable, text, startMs, options)
      : engine.rangeQuery(queryable, text, startMs, endMs, stepMs, options);
  const { json, truncated } = renderResult(result, limit);
  const perStep = question.perStepStats && stats === 'all';
  const statistics = stats === '' ? '' : `,"stats":${JSON.stringify(renderStats(result, perStep, started))}`;
  const { warnings, infos } = result.annotations;
  return {
    dataJson: `{${json}${statistics}}`,
    warnings: truncated ? [...warnings, 'results truncated due to limit'] : warnings,
    infos,
  };
}

function renderStats(result: QueryResult, perStep: boolean, started: number): object {
  const { stats } = result;
  const total = (performance.now() - started) / 1000;
  const evaluation = Math.min(stats.evalTotalMs / 1000, total);
  return {
    timings: {
      evalTotalTime: evaluation,
      resultSortTime: 0,
      queryPreparationTime: 0,
      innerEvalTime: evaluation,
      execQueueTime: 0,
      execTotalTime: total,
    },
    samples: {
      ...(perStep
        ? {
            totalQueryableSamplesPerStep: stats.totalQueryableSamplesPerStep.map(([timeMs, count]) => [
              timeMs / 1000,
              count,
            ]),
          }
        : {}),
      totalQueryableSamples: stats.totalQueryableSamples,
      peakSamples: stats.peakSamples,
    },
  };
}
