import { formatFloat } from '../format-float.ts';
import type { BinaryExpr, Duration, DurationExpr, Expr, TimeModifiers, VectorSelector } from './ast.ts';
import { isSetOperator } from './ast.ts';
import { goQuote } from './go-quote.ts';

/** The expression in Prometheus's canonical form, on one line. */
export function printExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return expr.duration ? printSeconds(expr.value) : formatFloat(expr.value);
    case 'string':
      return goQuote(expr.value);
    case 'selector':
      return `${printSelector(expr)}${printModifiers(expr)}${printExtension(expr)}`;
    case 'matrix': {
      const range = `[${printDuration(expr.range)}]`;
      return `${printSelector(expr.selector)}${range}${printModifiers(expr.selector)}${printExtension(expr.selector)}`;
    }
    case 'subquery': {
      const step = expr.step === 0 ? '' : printDuration(expr.step);
      return `${printExpr(expr.expr)}[${printDuration(expr.range)}:${step}]${printModifiers(expr)}`;
    }
    case 'paren':
      return `(${printExpr(expr.expr)})`;
    case 'unary':
      return `${expr.operator}${printExpr(expr.expr)}`;
    case 'call':
      return `${expr.name}(${expr.args.map(printExpr).join(', ')})`;
    case 'aggregate': {
      const labels = expr.grouping.map(printLabelName).join(', ');
      let modifier = '';
      if (expr.without) modifier = ` without (${labels}) `;
      else if (expr.grouping.length > 0) modifier = ` by (${labels}) `;
      const param = expr.param === undefined ? '' : `${printExpr(expr.param)}, `;
      return `${expr.operator}${modifier}(${param}${printExpr(expr.expr)})`;
    }
    case 'binary':
      return `${printExpr(expr.left)} ${expr.operator}${printBinaryModifiers(expr)} ${printExpr(expr.right)}`;
  }
}

/** `bool on (a) group_left (b) fill (0)`, led by a space, or nothing. */
export function printBinaryModifiers({ operator, returnBool, matching }: BinaryExpr): string {
  let text = returnBool ? ' bool' : '';
  const grouped = matching.card === 'many-to-one' || matching.card === 'one-to-many';
  if (matching.labels.length > 0 || matching.on || (grouped && !isSetOperator(operator))) {
    text += ` ${matching.on ? 'on' : 'ignoring'} (${matching.labels.map(printLabelName).join(', ')})`;
  }
  if (grouped) {
    const side = matching.card === 'many-to-one' ? 'left' : 'right';
    text += ` group_${side} (${matching.include.map(printLabelName).join(', ')})`;
  }
  const { fillLeft, fillRight } = matching;
  if (fillLeft !== undefined && Object.is(fillLeft, fillRight)) text += ` fill (${formatFloat(fillLeft)})`;
  else {
    if (fillLeft !== undefined) text += ` fill_left (${formatFloat(fillLeft)})`;
    if (fillRight !== undefined) text += ` fill_right (${formatFloat(fillRight)})`;
  }
  return text;
}

export function printLabelName(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : goQuote(name);
}

/** The metric's name and its matchers, sorted as Prometheus prints them. */
export function printSelector(selector: VectorSelector): string {
  const parts = selector.matchers
    .filter((matcher) => selector.name === '' || matcher.name !== '__name__')
    .map(({ name, operator, value }) => `${printLabelName(name)}${operator}${goQuote(value)}`)
    .sort();
  return parts.length === 0 && selector.name !== '' ? selector.name : `${selector.name}{${parts.join(',')}}`;
}

export function printModifiers({ at, offset }: TimeModifiers): string {
  let text = '';
  if (typeof at === 'number') text += ` @ ${(at / 1000).toFixed(3)}`;
  else if (at !== undefined) text += ` @ ${at}()`;
  if (typeof offset !== 'number') text += ` offset ${printDurationExpr(offset)}`;
  else if (offset !== 0) text += ` offset ${offset < 0 ? '-' : ''}${printMilliseconds(Math.abs(offset))}`;
  return text;
}

function printExtension({ anchored, smoothed }: VectorSelector): string {
  if (anchored) return ' anchored';
  return smoothed ? ' smoothed' : '';
}

export function printDuration(duration: Duration): string {
  return typeof duration === 'number' ? printMilliseconds(duration) : printDurationExpr(duration);
}

function printDurationExpr(expr: DurationExpr): string {
  switch (expr.kind) {
    case 'duration-literal':
      return /[a-z]$/i.test(expr.text) ? printSeconds(expr.seconds) : formatFloat(expr.seconds);
    case 'duration-call':
      return `${expr.name}()`;
    case 'duration-paren':
      return `(${printDurationExpr(expr.expr)})`;
    case 'duration-unary':
      return `${expr.operator}${printDurationExpr(expr.expr)}`;
    case 'duration-pick':
      return `${expr.name}(${printDurationExpr(expr.left)}, ${printDurationExpr(expr.right)})`;
    case 'duration-binary':
      return `${printDurationExpr(expr.left)} ${expr.operator} ${printDurationExpr(expr.right)}`;
  }
}

function printSeconds(seconds: number): string {
  return `${seconds < 0 ? '-' : ''}${printMilliseconds(Math.abs(Math.round(seconds * 1000)))}`;
}

/** As prometheus/common's Duration: years, weeks and days only where nothing is left over. */
function printMilliseconds(total: number): string {
  if (total === 0) return '0s';
  let rest = total;
  let text = '';
  for (const [unit, size, exact] of [
    ['y', 31_536_000_000, true],
    ['w', 604_800_000, true],
    ['d', 86_400_000, false],
    ['h', 3_600_000, false],
    ['m', 60_000, false],
    ['s', 1000, false],
    ['ms', 1, false],
  ] as const) {
    if (exact && rest % size !== 0) continue;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}
