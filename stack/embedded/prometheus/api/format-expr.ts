import { formatPrometheusDuration } from '../../duration/prometheus-duration.ts';
import { formatG } from '../promql/format-float.ts';
import type {
  BinaryExpr,
  Duration,
  DurationExpr,
  Expr,
  TimeModifiers,
  VectorSelector,
} from '../promql/parser/ast.ts';
import { typeOf } from '../promql/parser/check.ts';
import { goQuote } from '../promql/parser/go-quote.ts';

const lineWidth = 100;
const legacyName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const legacyLabel = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** An expression on one line, as Prometheus writes it (promql/parser/printer.go). */
export function formatExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return expr.duration ? formatPrometheusDuration(expr.value * 1000) : formatG(expr.value);
    case 'string':
      return goQuote(expr.value);
    case 'selector':
      return selector(expr) + modifiers(expr);
    case 'matrix':
      return `${selector(expr.selector)}[${duration(expr.range)}]${modifiers(expr.selector)}`;
    case 'subquery':
      return formatExpr(expr.expr) + subquerySuffix(expr);
    case 'call':
      return `${expr.name}(${expr.args.map(formatExpr).join(', ')})`;
    case 'aggregate':
      return `${aggregateHead(expr)}(${expr.param === undefined ? '' : `${formatExpr(expr.param)}, `}${formatExpr(expr.expr)})`;
    case 'binary':
      return `${formatExpr(expr.left)} ${operator(expr)} ${formatExpr(expr.right)}`;
    case 'unary':
      return expr.operator + formatExpr(expr.expr);
    case 'paren':
      return `(${formatExpr(expr.expr)})`;
  }
}

/** An expression over as many lines as it takes to keep them short (promql/parser/prettier.go). */
export function prettyExpr(expr: Expr, level = 0): string {
  const indent = '  '.repeat(level);
  const line = formatExpr(expr);
  const fits = line.length <= lineWidth;
  switch (expr.kind) {
    case 'binary':
      if (fits) break;
      return `${prettyExpr(expr.left, level + 1)}\n${indent}${operator(expr)}\n${prettyExpr(expr.right, level + 1)}`;
    case 'aggregate': {
      if (fits) break;
      const param = expr.param === undefined ? '' : `${prettyExpr(expr.param, level + 1)},\n`;
      return `${indent}${aggregateHead(expr)}(\n${param}${prettyExpr(expr.expr, level + 1)}\n${indent})`;
    }
    case 'call':
      if (fits) break;
      return `${indent}${expr.name}(\n${expr.args.map((argument) => prettyExpr(argument, level + 1)).join(',\n')}\n${indent})`;
    case 'paren':
      if (fits) break;
      return `${indent}(\n${prettyExpr(expr.expr, level + 1)}\n${indent})`;
    case 'subquery':
      if (fits) break;
      return prettyExpr(expr.expr, level) + subquerySuffix(expr);
    case 'unary':
      return `${indent}${expr.operator}${prettyExpr(expr.expr, level).trim()}`;
  }
  return indent + line;
}

function aggregateHead(expr: Extract<Expr, { kind: 'aggregate' }>): string {
  if (expr.without) return `${expr.operator} without (${labels(expr.grouping)}) `;
  return expr.grouping.length > 0 ? `${expr.operator} by (${labels(expr.grouping)}) ` : expr.operator;
}

function operator(expr: BinaryExpr): string {
  let text: string = expr.operator;
  if (expr.returnBool) text += ' bool';
  if (typeOf(expr.left) !== 'vector' || typeOf(expr.right) !== 'vector') return text;
  const { matching } = expr;
  const filled = matching.fillLeft !== undefined || matching.fillRight !== undefined;
  if (matching.labels.length > 0 || matching.on || filled) {
    text += ` ${matching.on ? 'on' : 'ignoring'} (${labels(matching.labels)})`;
  }
  if (matching.card === 'many-to-one') text += ` group_left (${labels(matching.include)})`;
  if (matching.card === 'one-to-many') text += ` group_right (${labels(matching.include)})`;
  if (matching.fillLeft !== undefined && matching.fillLeft === matching.fillRight)
    text += ` fill (${formatG(matching.fillLeft)})`;
  else {
    if (matching.fillLeft !== undefined) text += ` fill_left (${formatG(matching.fillLeft)})`;
    if (matching.fillRight !== undefined) text += ` fill_right (${formatG(matching.fillRight)})`;
  }
  return text;
}

function labels(names: readonly string[]): string {
  return names.map((name) => (legacyLabel.test(name) ? name : goQuote(name))).join(', ');
}

function selector(expr: VectorSelector): string {
  const parts: string[] = [];
  const bareName = legacyName.test(expr.name);
  if (expr.name !== '' && !bareName) parts.push(goQuote(expr.name));
  for (const matcher of expr.matchers) {
    if (matcher.name === '__name__' && expr.name !== '' && matcher.operator === '=') continue;
    const name = legacyLabel.test(matcher.name) ? matcher.name : goQuote(matcher.name);
    parts.push(`${name}${matcher.operator}${goQuote(matcher.value)}`);
  }
  const braces = parts.length === 0 ? '' : `{${parts.join(',')}}`;
  return (bareName ? expr.name : '') + braces;
}

function modifiers(expr: TimeModifiers & { anchored?: boolean; smoothed?: boolean }): string {
  let text = '';
  if (expr.anchored) text += ' anchored';
  if (expr.smoothed) text += ' smoothed';
  if (expr.at === 'start' || expr.at === 'end') text += ` @ ${expr.at}()`;
  else if (expr.at !== undefined) text += ` @ ${(expr.at / 1000).toFixed(3)}`;
  if (typeof expr.offset !== 'number') text += ` offset ${duration(expr.offset)}`;
  else if (expr.offset !== 0) text += ` offset ${formatPrometheusDuration(expr.offset)}`;
  return text;
}

function subquerySuffix(expr: Extract<Expr, { kind: 'subquery' }>): string {
  const step = expr.step === 0 ? '' : duration(expr.step);
  return `[${duration(expr.range)}:${step}]${modifiers(expr)}`;
}

function duration(value: Duration): string {
  return typeof value === 'number' ? formatPrometheusDuration(value) : durationExpr(value);
}

function durationExpr(expr: DurationExpr): string {
  switch (expr.kind) {
    case 'duration-literal':
      return expr.text;
    case 'duration-call':
      return `${expr.name}()`;
    case 'duration-pick':
      return `${expr.name}(${durationExpr(expr.left)}, ${durationExpr(expr.right)})`;
    case 'duration-paren':
      return `(${durationExpr(expr.expr)})`;
    case 'duration-unary':
      return `${expr.operator}${durationExpr(expr.expr)}`;
    case 'duration-binary':
      return `${durationExpr(expr.left)} ${expr.operator} ${durationExpr(expr.right)}`;
  }
}
