import { formatGoDuration } from '../../duration/go-duration.ts';
import { formatPrometheusDuration } from '../../duration/prometheus-duration.ts';
import { formatByteSize } from '../units/bytes.ts';
import { formatFloat, formatFloatShort, quote } from '../units/go-text.ts';
import type {
  BinaryOperation,
  Expression,
  Grouping,
  LabelFilter,
  LogExpression,
  LogRange,
  Matcher,
  Stage,
  Unwrap,
} from './ast.ts';

/** Longer expressions are split over several lines. */
const maxWidth = 100;

export function formatMatcher({ name, operator, value }: Matcher): string {
  return `${name}${operator}${quote(value)}`;
}

function formatSelector(matchers: readonly Matcher[]): string {
  return `{${matchers.map(formatMatcher).join(', ')}}`;
}

function formatLabelFilter(filter: LabelFilter): string {
  switch (filter.kind) {
    case 'string':
      return formatMatcher(filter.matcher);
    case 'ip':
      return `${filter.name}${filter.operator}ip(${quote(filter.pattern)})`;
    case 'number':
      return `${filter.name}${filter.operator}${formatFloat(filter.value)}`;
    case 'duration':
      return `${filter.name}${filter.operator}${formatGoDuration(filter.value / 1e6)}`;
    case 'bytes':
      return `${filter.name}${filter.operator}${formatByteSize(filter.value).replace(' ', '')}`;
    case 'and':
      return `( ${formatLabelFilter(filter.left)} , ${formatLabelFilter(filter.right)} )`;
    case 'or':
      return `( ${formatLabelFilter(filter.left)} or ${formatLabelFilter(filter.right)} )`;
  }
}

/** A stage as Loki writes it, with the pipe in front. */
export function formatStage(stage: Stage): string {
  switch (stage.kind) {
    case 'line-filter':
      return `${stage.operator} ${stage.terms
        .map(({ ip, match }) => (ip ? `ip(${quote(match)})` : quote(match)))
        .join(' or ')}`;
    case 'json':
    case 'unpack':
    case 'decolorize':
      return `| ${stage.kind}`;
    case 'json-expressions':
      return `| json ${formatExtractions(stage.expressions)}`;
    case 'logfmt':
      return `| logfmt${formatFlags(stage)}`;
    case 'logfmt-expressions':
      return `| logfmt${formatFlags(stage)} ${formatExtractions(stage.expressions)}`;
    case 'regexp':
    case 'pattern':
      return `| ${stage.kind} ${quote(stage.text)}`;
    case 'line-format':
      return `| line_format ${quote(stage.text)}`;
    case 'label-format':
      return `| label_format ${stage.formats
        .map(({ name, source, template }) => `${name}=${source ?? quote(template!)}`)
        .join(',')}`;
    case 'label-filter':
      return `| ${formatLabelFilter(stage.filter)}`;
    case 'drop':
    case 'keep':
      return `| ${stage.kind} ${stage.labels
        .map(({ name, matcher }) => (matcher === undefined ? name : formatMatcher(matcher)))
        .join(',')}`;
  }
}

function formatExtractions(list: readonly { identifier: string; expression: string }[]): string {
  return list.map(({ identifier, expression }) => `${identifier}=${quote(expression)}`).join(',');
}

function formatFlags({ strict, keepEmpty }: { strict: boolean; keepEmpty: boolean }): string {
  return `${strict ? ' --strict' : ''}${keepEmpty ? ' --keep-empty' : ''}`;
}

function formatLog({ matchers, stages }: LogExpression): string {
  return [formatSelector(matchers), ...stages.map(formatStage)].join(' ');
}

function formatUnwrap({ identifier, conversion, postFilters }: Unwrap): string {
  const what = conversion === '' ? identifier : `${conversion}(${identifier})`;
  return ` | unwrap ${what}${postFilters.map((filter) => ` | ${formatLabelFilter(filter)}`).join('')}`;
}

function formatRange(range: LogRange): string {
  const unwrap = range.unwrap === undefined ? '' : formatUnwrap(range.unwrap);
  const offset = range.offsetNs === 0 ? '' : ` offset ${formatGoDuration(range.offsetNs / 1e6)}`;
  return `${formatLog(range.log)}${unwrap}[${formatPrometheusDuration(range.rangeNs / 1e6)}]${offset}`;
}

function formatGrouping(grouping: Grouping | undefined, separator: string): string {
  if (grouping === undefined) return '';
  const word = grouping.without ? ' without ' : ' by ';
  return `${word}(${grouping.labels.join(separator)})`;
}

function formatOperator({ operator, returnBool, matching }: BinaryOperation): string {
  let text = operator + (returnBool ? ' bool' : '');
  if (!matching.on && matching.labels.length === 0 && matching.cardinality === 'one-to-one') return text;
  let group = { 'one-to-one': '', 'many-to-one': 'group_left', 'one-to-many': 'group_right' }[
    matching.cardinality
  ];
  if (matching.include.length > 0) group = `${group} (${matching.include.join(', ')})`;
  if (matching.labels.length > 0) {
    text = `${text} ${matching.on ? 'on' : 'ignoring'} (${matching.labels.join(', ')}) ${group}`;
  }
  return text;
}

/** An expression on one line, as Loki's AST prints itself. */
export function formatExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'log':
      return formatLog(expression);
    case 'range-aggregation': {
      const { operation, parameter, range, grouping } = expression;
      const argument = parameter === undefined ? '' : `${formatFloat(parameter)},`;
      return `${operation}(${argument}${formatRange(range)})${formatGrouping(grouping, ',')}`;
    }
    case 'vector-aggregation': {
      const { operation, parameter, grouping } = expression;
      const argument = parameter === 0 ? '' : `${parameter},`;
      return `${operation}${formatGrouping(grouping, ',')}(${argument}${formatExpression(expression.expression)})`;
    }
    case 'binary':
      return `(${formatExpression(expression.left)} ${formatOperator(expression)} ${formatExpression(expression.right)})`;
    case 'label-replace': {
      const { destination, replacement, source, pattern } = expression;
      const texts = [destination, replacement, source, pattern].map(quote).join(',');
      return `label_replace(${formatExpression(expression.expression)},${texts})`;
    }
    case 'literal':
      return formatFloatShort(expression.value);
    case 'vector':
      return `vector(${expression.value.toFixed(6)})`;
  }
}

/** An expression as format_query answers it: split over lines where it is long. */
export function prettify(expression: Expression, level = 0): string {
  const line = formatExpression(expression);
  const indent = '  '.repeat(level);
  const inner = '  '.repeat(level + 1);
  if (line.length <= maxWidth) return indent + line;
  switch (expression.kind) {
    case 'log': {
      if (expression.stages.length === 0) return indent + line;
      const stages = expression.stages.map((stage) => inner + formatStage(stage));
      return [indent + formatSelector(expression.matchers), ...stages].join('\n');
    }
    case 'range-aggregation': {
      const { operation, parameter, range, grouping } = expression;
      const lines = [`${indent}${operation}(`];
      if (parameter !== undefined) lines.push(`${inner}${formatFloatShort(parameter)},`);
      lines.push(prettifyRange(range, level + 1), `${indent})${prettyGrouping(grouping)}`);
      return lines.join('\n');
    }
    case 'vector-aggregation': {
      const { operation, parameter, grouping } = expression;
      const lines = [`${indent}${operation}${prettyGrouping(grouping)}(`];
      if (parameter !== 0 || operation === 'topk' || operation === 'bottomk')
        lines.push(`${inner}${parameter},`);
      lines.push(prettify(expression.expression, level + 1), `${indent})`);
      return lines.join('\n');
    }
    case 'binary':
      return [
        prettify(expression.left, level + 1),
        indent + formatOperator(expression),
        prettify(expression.right, level + 1),
      ].join('\n');
    case 'label-replace': {
      const { destination, replacement, source, pattern } = expression;
      const texts = [destination, replacement, source, pattern].map((text) => inner + quote(text));
      return `${indent}label_replace(\n${[prettify(expression.expression, level + 1), ...texts].join(',\n')}\n${indent})`;
    }
    default:
      return indent + line;
  }
}

function prettifyRange(range: LogRange, level: number): string {
  let text = prettify(range.log, level);
  if (range.unwrap !== undefined) {
    const indent = '  '.repeat(level + 1);
    const { identifier, conversion, postFilters } = range.unwrap;
    text += `\n${indent}| unwrap ${conversion === '' ? identifier : `${conversion}(${identifier})`}`;
    for (const filter of postFilters) text += `\n${indent}| ${formatLabelFilter(filter)}`;
  }
  text += ` [${formatPrometheusDuration(range.rangeNs / 1e6)}]`;
  if (range.offsetNs !== 0) text += ` offset ${formatPrometheusDuration(range.offsetNs / 1e6)}`;
  return text;
}

function prettyGrouping(grouping: Grouping | undefined): string {
  if (grouping === undefined) return '';
  const word = grouping.without ? ' without' : grouping.labels.length > 0 ? ' by' : '';
  return grouping.labels.length > 0 ? `${word} (${grouping.labels.join(', ')})` : word;
}
