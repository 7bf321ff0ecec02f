import type { Expr } from '../promql/parser/ast.ts';
import { type ParserOptions, parseExpr } from '../promql/parser/parse.ts';
import type { Question, Reply } from '../query/question.ts';
import type { ExemplarRing } from '../storage/exemplars.ts';
import type { Matcher } from '../storage/queryable.ts';
import { badData, fromEngine, invalidParameter, messageOf } from './api-error.ts';
import {
  limitParameter,
  maxTimeMs,
  minTimeMs,
  parseDuration,
  parseTime,
  timeParameter,
} from './parameters.ts';
import { renderValue } from './render.ts';
import type { ApiAnswer, Routing } from './routing.ts';

export interface QueryContext {
  /** Answers a query, until the signal says that nobody waits for it. @throws what the engine throws */
  ask(question: Question, signal: AbortSignal): Promise<Reply>;
  readonly exemplars: ExemplarRing;
  readonly parser: ParserOptions;
  readonly timeoutMs: number;
  readonly perStepStats: boolean;
  observeQuery(seconds: number): void;
}

type CommonQuestion = Pick<Question, 'text' | 'stats' | 'perStepStats' | 'timeoutMs' | 'lookbackMs'>;

/** A graph has no more pixels; more points would only cost. */
const maxPoints = 11_000;

export function addQueryRoutes(routing: Routing, context: QueryContext): void {
  routing.api(['GET', 'POST'], '/query', (parameters, _request, signal) => {
    const limit = limitParameter(parameters);
    const timeMs = timeParameter(parameters, 'time', Date.now());
    const times = { startMs: timeMs, endMs: timeMs, stepMs: 0 };
    return ask(context, { kind: 'instant', limit, ...times, ...common(parameters, context) }, signal);
  });

  routing.api(['GET', 'POST'], '/query_range', (parameters, _request, signal) => {
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
    const times = { startMs, endMs, stepMs };
    return ask(context, { kind: 'range', limit, ...times, ...common(parameters, context) }, signal);
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

async function ask(context: QueryContext, question: Question, signal: AbortSignal): Promise<ApiAnswer> {
  const started = performance.now();
  try {
    return await context.ask(question, signal);
  } catch (error) {
    throw fromEngine(error);
  } finally {
    context.observeQuery((performance.now() - started) / 1000);
  }
}

/** What both kinds of query take. */
function common(parameters: URLSearchParams, context: QueryContext): CommonQuestion {
  return {
    text: parameters.get('query') ?? '',
    stats: parameters.get('stats') ?? '',
    perStepStats: context.perStepStats,
    ...queryOptions(parameters, context),
  };
}

function queryOptions(
  parameters: URLSearchParams,
  context: QueryContext,
): Pick<Question, 'timeoutMs' | 'lookbackMs'> {
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
  if (lookback === '') return { timeoutMs, lookbackMs: undefined };
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
