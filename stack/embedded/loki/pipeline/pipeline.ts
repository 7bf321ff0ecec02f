import type { LabelFilter, LogExpression, Stage } from '../logql/ast.ts';
import { formatStage } from '../logql/format.ts';
import { LogqlParseError } from '../logql/parse-error.ts';
import { decolorize, dropLabels, keepLabels, labelFormat, lineFormat } from './format.ts';
import { jsonParser, unpackParser } from './json.ts';
import { jsonExpressionParser } from './json-expressions.ts';
import { labelFilter } from './label-filter.ts';
import { type LineFilter, lineFilter } from './line-filter.ts';
import type { LineLabels } from './line-labels.ts';
import { logfmtExpressionParser, logfmtParser } from './logfmt.ts';
import { patternParser } from './pattern.ts';
import { regexpParser } from './regexp-parser.ts';
import { allLabels, type Instant, LabelHints, type StageFunction } from './stage.ts';

/** A compiled pipeline. The line filters at its front are apart, so that storage can run them over raw bytes. */
export interface Pipeline {
  readonly lineFilters: readonly LineFilter[];
  readonly stages: readonly StageFunction[];
  /**
   * What decides early that a line is dropped: the first parser, reading only what the filters after it want, and
   * those filters. A line that passes goes through all stages from the start.
   */
  readonly prefilter: readonly StageFunction[];
}

/** Compiles a log query's stages. Throws a LogqlParseError that names the stage which is wrong. */
export function compilePipeline({ stages }: LogExpression, hints: LabelHints = allLabels): Pipeline {
  const lineFilters: LineFilter[] = [];
  let first = 0;
  for (; first < stages.length; first++) {
    const stage = stages[first]!;
    if (stage.kind !== 'line-filter') break;
    lineFilters.push(lineFilter(stage));
  }
  return {
    lineFilters,
    stages: stages.slice(first).map((stage) => compileStage(stage, hints)),
    prefilter: hints.wanted === undefined ? compilePrefilter(stages.slice(first)) : [],
  };
}

function compilePrefilter([parser, ...rest]: readonly Stage[]): StageFunction[] {
  if (parser?.kind !== 'json' && parser?.kind !== 'logfmt') return [];
  const end = rest.findIndex(({ kind }) => kind !== 'label-filter');
  const filters = end === -1 ? rest : rest.slice(0, end);
  const names = labelsRead(filters);
  if (filters.length === 0 || names === undefined || [...names].some((name) => name.startsWith('__')))
    return [];
  const hints = new LabelHints(names);
  return [parser, ...filters].map((stage) => compileStage(stage, hints));
}

/** Runs the stages after the front filters. Returns the line, or undefined where it is dropped. */
export function runStages(
  stages: readonly StageFunction[],
  line: string,
  labels: LineLabels,
  now: Instant,
): string | undefined {
  let current = line;
  for (let index = 0; index < stages.length; index++) {
    const next = stages[index]!(current, labels, now);
    if (next === undefined) return undefined;
    current = next;
  }
  return current;
}

function compileStage(stage: Stage, hints: LabelHints): StageFunction {
  try {
    return newStage(stage, hints);
  } catch (error) {
    if (error instanceof LogqlParseError) throw error;
    throw new LogqlParseError(`stage '${formatStage(stage)}' : ${(error as Error).message}`);
  }
}

function newStage(stage: Stage, hints: LabelHints): StageFunction {
  switch (stage.kind) {
    case 'line-filter': {
      const filter = lineFilter(stage);
      return (line) => (filter.test(line) ? line : undefined);
    }
    case 'json':
      return jsonParser(hints);
    case 'json-expressions':
      return jsonExpressionParser(stage.expressions);
    case 'logfmt':
      return logfmtParser(hints, stage);
    case 'logfmt-expressions':
      return logfmtExpressionParser(stage.expressions, stage);
    case 'unpack':
      return unpackParser;
    case 'regexp':
      return regexpParser(stage.text);
    case 'pattern':
      return patternParser(stage.text);
    case 'decolorize':
      return decolorize;
    case 'line-format':
      return lineFormat(stage.text);
    case 'label-format':
      return labelFormat(stage.formats);
    case 'label-filter':
      return filterStage(stage.filter);
    case 'drop':
      return dropLabels(stage.labels);
    case 'keep':
      return keepLabels(stage.labels);
  }
}

/** A label filter as a stage. */
export function filterStage(filter: LabelFilter): StageFunction {
  const test = labelFilter(filter);
  return (line, labels) => (test(labels) ? line : undefined);
}

/**
 * The labels that stages read, or undefined when they could read any (a template) or show all.
 * With what a query groups by, this is all that its parsers need to extract.
 */
export function labelsRead(stages: readonly Stage[]): Set<string> | undefined {
  const names = new Set<string>();
  for (const stage of stages) {
    switch (stage.kind) {
      case 'label-filter':
        addFilterNames(stage.filter, names);
        break;
      case 'label-format':
      case 'line-format':
      case 'drop':
      case 'keep':
        return undefined;
      default:
    }
  }
  return names;
}

export function addFilterNames(filter: LabelFilter, names: Set<string>): void {
  if (filter.kind === 'and' || filter.kind === 'or') {
    addFilterNames(filter.left, names);
    addFilterNames(filter.right, names);
  } else if (filter.kind === 'string') names.add(filter.matcher.name);
  else names.add(filter.name);
}
