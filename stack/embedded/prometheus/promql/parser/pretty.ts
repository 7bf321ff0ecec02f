import type { Expr } from './ast.ts';
import { takesParameter } from './ast.ts';
import type { ParserOptions } from './parse.ts';
import { parseExpr } from './parse.ts';
import { printBinaryModifiers, printDuration, printExpr, printLabelName, printModifiers } from './print.ts';

const maxCharactersPerLine = 100;

/**
 * The query as `/api/v1/format_query` gives it: on one line where it fits, else one part a line, indented by two spaces.
 *
 * @throws PromqlParseError
 */
export function formatQuery(text: string, options: ParserOptions = {}): string {
  return prettyExpr(parseExpr(text, options), 0);
}

function prettyExpr(expr: Expr, level: number): string {
  const indent = '  '.repeat(level);
  const line = printExpr(expr);
  if (Buffer.byteLength(line) <= maxCharactersPerLine) return `${indent}${line}`;
  switch (expr.kind) {
    case 'aggregate': {
      const labels = expr.grouping.map(printLabelName).join(', ');
      let head: string = expr.operator;
      if (expr.without) head += ` without (${labels}) `;
      else if (expr.grouping.length > 0) head += ` by (${labels}) `;
      const takes = takesParameter(expr.operator) && expr.param !== undefined;
      const param = takes ? `${prettyExpr(expr.param, level + 1)},\n` : '';
      return `${indent}${head}(\n${param}${prettyExpr(expr.expr, level + 1)}\n${indent})`;
    }
    case 'binary': {
      const operator = `${indent}${expr.operator}${printBinaryModifiers(expr)}`;
      return `${prettyExpr(expr.left, level + 1)}\n${operator}\n${prettyExpr(expr.right, level + 1)}`;
    }
    case 'call': {
      const args = expr.args.map((arg) => prettyExpr(arg, level + 1)).join(',\n');
      return `${indent}${expr.name}(\n${args}\n${indent})`;
    }
    case 'paren':
      return `${indent}(\n${prettyExpr(expr.expr, level + 1)}\n${indent})`;
    case 'subquery': {
      const step = expr.step === 0 ? '' : printDuration(expr.step);
      return `${prettyExpr(expr.expr, level)}[${printDuration(expr.range)}:${step}]${printModifiers(expr)}`;
    }
    case 'unary':
      return `${indent}${expr.operator}${prettyExpr(expr.expr, level).trim()}`;
    case 'matrix':
    case 'number':
    case 'selector':
    case 'string':
      return `${indent}${line}`;
  }
}
