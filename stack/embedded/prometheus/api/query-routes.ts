import type { Engine, QueryOptions } from '../promql/engine.ts';
import type { Expr } from '../promql/parser/ast.ts';
import { type ParserOptions, parseExpr } from '../promql/parser/parse.ts';
import type { QueryResult } from '../promql/result.ts';
import type { ExemplarRing } from '../storage/exemplars.ts';
import type { Matcher, Queryable } from '../storage/queryable.ts';
import { badData, fromEngine, invalidParameter, messageOf } from './api-error.ts';
import {
  limitParameter,
  maxTimeMs,
  minTimeMs,
  parseDuration,
  parseTime,
  timeParameter,
} from './parameters.ts';
import { renderResult, renderValue } from './render.ts';
import type { ApiAnswer, Routing } from './routing.ts';

export interface QueryContext {
  readonly engine: Engine;
  readonly queryable: Queryable;
  readonly exemplars: ExemplarRing;
  readonly parser: ParserOptions;
  readonly timeoutMs: number;
  readonly perStepStats: boolean;
  observeQuery(seconds: number): void;
}

/** A graph has no more pixels; more points would only cost. */
const maxPoints = 11_000;

export function addQueryRoutes(routing: Routing, context: QueryContext): void {
  routing.api(['GET', 'POST'], '/query', (parameters) => {
    const limit = limitParameter(parameters);
    const timeMs = timeParameter(parameters, 'time', Date.now());
    const options = queryOptions(parameters, context);
    const text = parameters.get('query') ?? '';
    return ask(context, parameters, limit, () =>
      context.engine.instantQuery(context.queryable, text, timeMs, options),
    );
  });

  routing.api(['GET', 'POST'], '/query_range', (parameters) => {
    const limit = limitParameter(parameters);
    const startMs = required(parameters, 'start', parseTime);
    const endMs = required(parameters, 'end', parseTime);
    if (endMs < startMs) throw invalidParameter('end', 'end timestamp must not be before start time');
    const stepMs = required(parameters, 'step', parseDuration);
    if (stepMs <= 0) {
      throw invalidParameter(
        'step',
        'zero or negative query resolution step widths are not accepted. Try a positive integer',
      );
    }
    if ((endMs - startMs) / stepMs > maxPoints) {
      throw badData(
        'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
      );
    }
    const options = queryOptions(parameters, context);
    const text = parameters.get('query') ?? '';
    return ask(context, parameters, limit, () =>
      context.engine.rangeQuery(context.queryable, text, startMs, endMs, stepMs, options),
    );
  });

  routing.api(['GET', 'POST'], '/query_exemplars', (parameters) => {
    const startMs = timeParameter(parameters, 'start', minTimeMs);
    const endMs = timeParameter(parameters, 'end', maxTimeMs);
    if (endMs < startMs) throw badData('end timestamp must not be before start timestamp');
    let expr: Expr;
    try {
      expr = parseExpr(parameters.get('query') ?? '', context.parser);
    } catch (error) {
      throw badData(messageOf(error));
    }
    const sets = [...selectors(expr)];
    if (sets.length === 0) return { data: [] };
    const found = context.exemplars.select(sets, startMs, endMs);
    return {
      data: found.map(({ seriesLabels, exemplars }) => ({
        seriesLabels,
        exemplars: exemplars.map(({ labels, value, timeMs }) => ({
          labels,
          value: renderValue(value),
          timestamp: timeMs / 1000,
        })),
      })),
    };
  });
}

function ask(
  context: QueryContext,
  parameters: URLSearchParams,
  limit: number,
  evaluate: () => QueryResult,
): ApiAnswer {
  const started = performance.now();
  let result: QueryResult;
  try {
    result = evaluate();
  } catch (error) {
    throw fromEngine(error);
  } finally {
    context.observeQuery((performance.now() - started) / 1000);
  }
  const { json, truncated } = renderResult(result, limit);
  const stats = parameters.get('stats') ?? '';
  const statistics =
    stats === ''
      ? ''
      : `,"stats":${JSON.stringify(renderStats(result, context.perStepStats && stats === 'all', started))}`;
  return {
    dataJson: `{${json}${statistics}}`,
    warnings: truncated
      ? [...result.annotations.warnings, 'results truncated due to limit']
      : result.annotations.warnings,
    infos: result.annotations.infos,
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

function queryOptions(parameters: URLSearchParams, context: QueryContext): QueryOptions {
  const timeout = parameters.get('timeout') ?? '';
  const lookback = parameters.get('lookback_delta') ?? '';
  let timeoutMs = context.timeoutMs;
  if (timeout !== '') {
    try {
      timeoutMs = Math.min(timeoutMs, parseDuration(timeout));
    } catch (error) {
      throw invalidParameter('timeout', error);
    }
  }
  if (lookback === '') return { timeoutMs };
  try {
    return { timeoutMs, lookbackMs: parseDuration(lookback) };
  } catch (error) {
    throw badData(`error parsing lookback delta duration: ${messageOf(error)}`);
  }
}

function required(parameters: URLSearchParams, name: string, parse: (text: string) => number): number {
  try {
    return parse(parameters.get(name) ?? '');
  } catch (error) {
    throw invalidParameter(name, error);
  }
}

/** The matchers of every selector in an expression. */
export function* selectors(expr: Expr): Generator<readonly Matcher[]> {
  switch (expr.kind) {
    case 'selector':
      yield expr.matchers;
      break;
    case 'matrix':
      yield expr.selector.matchers;
      break;
    case 'call':
      for (const argument of expr.args) yield* selectors(argument);
      break;
    case 'aggregate':
      if (expr.param !== undefined) yield* selectors(expr.param);
      yield* selectors(expr.expr);
      break;
    case 'binary':
      yield* selectors(expr.left);
      yield* selectors(expr.right);
      break;
    case 'unary':
    case 'paren':
    case 'subquery':
      yield* selectors(expr.expr);
      break;
  }
}
