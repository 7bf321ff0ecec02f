/**
 * The PromQL parser: recursive descent over Prometheus's own token stream. It is written by hand, rather than laid
 * over @prometheus-io/lezer-promql, because that grammar recovers from errors without saying what was expected, and a
 * learner must read Prometheus's own message and position; `parse.test.ts` holds this parser to lezer's grammar.
 * One file, since every rule calls every other.
 */
import { createMatcher } from '../../labels/matcher.ts';
import type { Matcher, MatchOperator } from '../../storage/queryable.ts';
import { PromqlParseError } from '../errors.ts';
import type {
  AggregationOperator,
  BinaryOperator,
  Duration,
  DurationExpr,
  Expr,
  TimeModifiers,
  VectorMatching,
  VectorSelector,
} from './ast.ts';
import { takesParameter } from './ast.ts';
import { checkTypes } from './check.ts';
import { functionSignatures } from './functions.ts';
import { goQuote, isValidUtf8, unquote } from './go-quote.ts';
import type { Token } from './lexer.ts';
import { LexError, Lexer } from './lexer.ts';
import { DurationError, maxDurationMs, parseDurationSeconds, parseNumber } from './number.ts';
import { parseErrorMessage } from './position.ts';

export interface ParserOptions {
  readonly experimentalFunctions?: boolean;
  readonly durationExpressions?: boolean;
  readonly extendedRangeSelectors?: boolean;
  readonly fillModifiers?: boolean;
}

/** Deeper queries are refused: the evaluator recurses as deep as the query does. */
const maxDepth = 500;
/** Operators in a row make the tree as deep as parentheses do. */
const maxOperators = 1000;

const precedences: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '>': 3,
  '<=': 3,
  '>=': 3,
  '</': 3,
  '>/': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
};
const powerPrecedence = 6;
const blank = /(?:[ \t\r\n]|#[^\n]*)*/y;
const openParen = /\(/y;
const aggregationBody = /\(|(?:by|without)\b/iy;
/** Keywords that cannot name a metric outside braces. */
const reserved = new Set(['on', 'ignoring', 'group_left', 'group_right', 'bool', 'atan2']);

/**
 * Parses and type-checks a query.
 *
 * @throws PromqlParseError with Prometheus's message and position.
 */
export function parseExpr(text: string, options: ParserOptions = {}): Expr {
  return run(text, options, (parser) => {
    const expr = parser.parseTop();
    checkTypes(expr, (start, reason) => parser.fail(start, reason));
    return expr;
  });
}

/** Parses a series selector such as `match[]` takes: `up{job="x"}`. */
export function parseMetricSelector(text: string): VectorSelector {
  return run(text, {}, (parser) => parser.parseSelectorOnly());
}

function run<Result>(text: string, options: ParserOptions, parse: (parser: Parser) => Result): Result {
  try {
    return parse(new Parser(text, options));
  } catch (error) {
    if (error instanceof LexError) {
      throw new PromqlParseError(parseErrorMessage(text, error.start, error.message), error.message);
    }
    throw error;
  }
}

class Parser {
  readonly #text: string;
  readonly #options: ParserOptions;
  readonly #lexer: Lexer;
  #token: Token;
  #lastEnd = 0;
  #depth = 0;

  constructor(text: string, options: ParserOptions) {
    this.#text = text;
    this.#options = options;
    this.#lexer = new Lexer(text);
    this.#token = this.#lexer.next();
  }

  fail(start: number, reason: string): never {
    throw new PromqlParseError(parseErrorMessage(this.#text, start, reason), reason);
  }

  parseTop(): Expr {
    if (this.#token.type === 'eof') {
      const reason = 'no expression found in input';
      if (this.#text !== '') this.fail(0, reason);
      throw new PromqlParseError(`unknown position: parse error: ${reason}`, reason);
    }
    const expr = this.#expr(0);
    this.#expectEnd();
    return expr;
  }

  parseSelectorOnly(): VectorSelector {
    if (!this.#is('{') && !this.#startsMetric()) this.#unexpected();
    const selector = this.#vectorSelector();
    this.#expectEnd();
    return selector;
  }

  #expectEnd(): void {
    if (this.#token.type !== 'eof') this.#unexpected();
  }

  #advance(): Token {
    const token = this.#token;
    this.#lastEnd = token.end;
    this.#token = this.#lexer.next();
    return token;
  }

  #is(text: string): boolean {
    const { type } = this.#token;
    return this.#token.text === text && (type === 'punctuation' || type === 'operator' || type === 'keyword');
  }

  #unexpected(context = '', expected = ''): never {
    let reason = `unexpected ${describe(this.#token)}`;
    if (context !== '') reason += ` in ${context}`;
    if (expected !== '') reason += `, expected ${expected}`;
    this.fail(this.#token.start, reason);
  }

  #expect(text: string, context: string, expected: string): Token {
    if (!this.#is(text)) this.#unexpected(context, expected);
    return this.#advance();
  }

  #expr(minimum: number): Expr {
    if (++this.#depth > maxDepth)
      this.fail(this.#token.start, `expression is nested deeper than ${maxDepth} levels`);
    let left = this.#unary();
    for (let operators = 0; this.#token.type === 'operator'; operators++) {
      if (operators >= maxOperators)
        this.fail(this.#token.start, `more than ${maxOperators} operators in a row`);
      const operator = this.#token.text;
      const precedence = precedences[operator];
      if (precedence === undefined || precedence < minimum) break;
      const { start: operatorStart } = this.#advance();
      const returnBool = this.#is('bool');
      if (returnBool) this.#advance();
      const matching = this.#matching(operator, left.start);
      const right = this.#expr(operator === '^' ? precedence : precedence + 1);
      left = {
        kind: 'binary',
        operator: operator as BinaryOperator,
        left,
        right,
        returnBool,
        matching,
        operatorStart,
        start: left.start,
        end: right.end,
      };
    }
    this.#depth--;
    return left;
  }

  #unary(): Expr {
    if (!this.#is('+') && !this.#is('-')) return this.#postfix(this.#primary());
    const operator = this.#advance();
    const expr = this.#expr(powerPrecedence);
    if (expr.kind === 'number') {
      return { ...expr, value: operator.text === '-' ? -expr.value : expr.value, start: operator.start };
    }
    return {
      kind: 'unary',
      operator: operator.text as '+' | '-',
      expr,
      start: operator.start,
      end: expr.end,
    };
  }

  #matching(operator: string, start: number): VectorMatching {
    const isSet = operator === 'and' || operator === 'or' || operator === 'unless';
    const matching = {
      card: isSet ? ('many-to-many' as VectorMatching['card']) : ('one-to-one' as VectorMatching['card']),
      on: false,
      labels: [] as readonly string[],
      include: [] as readonly string[],
      fillLeft: undefined as number | undefined,
      fillRight: undefined as number | undefined,
    };
    if (this.#is('on') || this.#is('ignoring')) {
      matching.on = this.#advance().text === 'on';
      matching.labels = this.#groupingLabels();
      if (this.#is('group_left') || this.#is('group_right')) {
        matching.card = this.#advance().text === 'group_left' ? 'many-to-one' : 'one-to-many';
        if (this.#is('(')) matching.include = this.#groupingLabels();
      }
    }
    while (this.#is('fill') || this.#is('fill_left') || this.#is('fill_right')) {
      const keyword = this.#token;
      // `fill` may also be the metric on the right-hand side: only a number in parentheses makes it a modifier.
      if (!this.#followedBy(openParen)) break;
      this.#advance();
      if (this.#options.fillModifiers !== true) {
        this.fail(start, 'binop fill modifiers are experimental and not enabled');
      }
      this.#expect('(', 'fill modifier', '"("');
      const value = this.#signedNumber('fill modifier', 'number');
      this.#expect(')', 'fill modifier', '")"');
      if (keyword.text !== 'fill_right') matching.fillLeft = value;
      if (keyword.text !== 'fill_left') matching.fillRight = value;
    }
    return matching;
  }

  #groupingLabels(): string[] {
    this.#expect('(', 'grouping opts', '"("');
    const labels: string[] = [];
    while (!this.#is(')')) {
      const token = this.#token;
      if (token.type === 'string') {
        const name = unquote(token.source);
        if (name === '' || !isValidUtf8(name)) this.fail(token.start, `invalid label name ${goQuote(name)}`);
        labels.push(name);
      } else if (isWord(token) && !token.source.includes(':')) labels.push(token.source);
      else this.#unexpected('grouping opts', 'label');
      this.#advance();
      if (this.#is(',')) this.#advance();
      else if (!this.#is(')')) this.#unexpected('grouping opts', '"," or ")"');
    }
    this.#advance();
    return labels;
  }

  #primary(): Expr {
    const token = this.#token;
    switch (token.type) {
      case 'number':
        this.#advance();
        return {
          kind: 'number',
          value: this.#number(token),
          duration: false,
          start: token.start,
          end: token.end,
        };
      case 'duration':
        this.#advance();
        return {
          kind: 'number',
          value: this.#number(token),
          duration: true,
          start: token.start,
          end: token.end,
        };
      case 'string':
        this.#advance();
        return { kind: 'string', value: unquote(token.source), start: token.start, end: token.end };
      default:
    }
    if (this.#is('(')) {
      this.#advance();
      const expr = this.#expr(0);
      const { end } = this.#expect(')', '', '');
      return { kind: 'paren', expr, start: token.start, end };
    }
    if (this.#is('{')) return this.#vectorSelector();
    if (token.type === 'aggregator' && this.#followedBy(aggregationBody)) return this.#aggregate();
    if (token.type === 'identifier' && this.#followedBy(openParen)) return this.#call();
    if (['start', 'end', 'step', 'range'].includes(token.text) && this.#followedBy(openParen))
      return this.#call();
    if (this.#startsMetric()) return this.#vectorSelector();
    return this.#unexpected();
  }

  /** Whether what follows the current token, spaces and comments aside, matches the sticky pattern. */
  #followedBy(pattern: RegExp): boolean {
    blank.lastIndex = this.#token.end;
    blank.exec(this.#text);
    pattern.lastIndex = blank.lastIndex;
    return pattern.test(this.#text);
  }

  #startsMetric(): boolean {
    const { type, text } = this.#token;
    if (type === 'identifier' || type === 'metric identifier' || type === 'aggregator') return true;
    if (type === 'keyword') return !reserved.has(text);
    return type === 'operator' && (text === 'and' || text === 'or' || text === 'unless');
  }

  #call(): Expr {
    const name = this.#advance();
    const args = this.#arguments();
    const end = this.#lastEnd;
    const signature = functionSignatures.get(name.source);
    if (signature === undefined) this.fail(name.start, `unknown function with name ${goQuote(name.source)}`);
    if (signature.experimental && this.#options.experimentalFunctions !== true) {
      this.fail(name.start, `function ${goQuote(name.source)} is not enabled`);
    }
    return { kind: 'call', name: name.source, args, start: name.start, end };
  }

  #arguments(): Expr[] {
    this.#expect('(', '', '');
    const args: Expr[] = [];
    while (!this.#is(')')) {
      args.push(this.#expr(0));
      if (this.#is(',')) {
        const comma = this.#advance();
        if (this.#is(')') || this.#is(','))
          this.fail(comma.start, 'trailing commas not allowed in function call args');
      } else if (!this.#is(')')) this.#unexpected();
    }
    this.#advance();
    return args;
  }

  #aggregate(): Expr {
    const token = this.#advance();
    const operator = token.text as AggregationOperator;
    let grouping: readonly string[] = [];
    let without = false;
    let modified = false;
    const modifier = (): void => {
      if (!this.#is('by') && !this.#is('without')) return;
      without = this.#advance().text === 'without';
      grouping = this.#groupingLabels();
      modified = true;
    };
    modifier();
    if (!this.#is('(')) this.#unexpected('aggregation');
    const args = this.#arguments();
    if (!modified) modifier();
    const end = this.#lastEnd;
    if (args.length === 0) this.fail(token.start, 'no arguments for aggregate expression provided');
    const parameter = takesParameter(operator);
    if (
      (operator === 'limitk' || operator === 'limit_ratio') &&
      this.#options.experimentalFunctions !== true
    ) {
      this.fail(
        token.start,
        `${operator}() is experimental and must be enabled with --enable-feature=promql-experimental-functions`,
      );
    }
    const wanted = parameter ? 2 : 1;
    if (args.length !== wanted) {
      this.fail(
        token.start,
        `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`,
      );
    }
    return {
      kind: 'aggregate',
      operator,
      expr: args[wanted - 1]!,
      param: parameter ? args[0] : undefined,
      grouping,
      without,
      start: token.start,
      end,
    };
  }

  #vectorSelector(): VectorSelector {
    const { start } = this.#token;
    let name = '';
    if (!this.#is('{')) name = this.#advance().source;
    const matchers: Matcher[] = [];
    if (this.#is('{')) {
      this.#advance();
      while (!this.#is('}')) {
        const found = this.#labelMatcher();
        if (typeof found === 'string') {
          if (name !== '') {
            this.fail(start, `metric name must not be set twice: ${goQuote(name)} or ${goQuote(found)}`);
          }
          matchers.push(createMatcher('__name__', '=', found));
        } else matchers.push(found);
        if (this.#is(',')) this.#advance();
        else if (!this.#is('}')) this.#unexpected('label matching', '"," or "}"');
      }
      this.#advance();
    }
    if (name !== '') {
      for (const matcher of matchers) {
        if (matcher.name === '__name__') {
          this.fail(
            start,
            `metric name must not be set twice: ${goQuote(name)} or ${goQuote(matcher.value)}`,
          );
        }
      }
      matchers.push(createMatcher('__name__', '=', name));
    }
    return {
      kind: 'selector',
      name,
      matchers,
      offset: 0,
      at: undefined,
      anchored: false,
      smoothed: false,
      mayMatchEmpty: false,
      start,
      end: this.#lastEnd,
    };
  }

  /** A matcher, or the metric's name in quotes, which is one more matcher. */
  #labelMatcher(): Matcher | string {
    const label = this.#token;
    if (label.type !== 'identifier' && label.type !== 'string') {
      this.#unexpected('label matching', 'identifier or "}"');
    }
    this.#advance();
    const name = label.type === 'string' ? unquote(label.source) : label.source;
    if (label.type === 'string' && (this.#is(',') || this.#is('}'))) return name;
    const operator = this.#token;
    if (operator.type !== 'operator') this.#unexpected('label matching', 'label matching operator');
    this.#advance();
    const value = this.#token;
    if (value.type !== 'string') this.#unexpected('label matching', 'string');
    this.#advance();
    const text = unquote(value.source);
    try {
      return createMatcher(name, operator.text as MatchOperator, text);
    } catch (error) {
      return this.fail(label.start, error instanceof Error ? error.message : String(error));
    }
  }

  #postfix(primary: Expr): Expr {
    let expr = primary;
    for (;;) {
      if (this.#is('[')) expr = this.#range(expr);
      else if (this.#is('offset')) this.#offset(expr);
      else if (this.#is('@')) this.#at(expr);
      else if (this.#is('anchored') || this.#is('smoothed')) this.#extend(expr);
      else return expr;
    }
  }

  #extend(expr: Expr): void {
    const { text } = this.#advance();
    if (this.#options.extendedRangeSelectors !== true) {
      this.fail(expr.start, `${text} modifier is experimental and not enabled`);
    }
    if (expr.kind === 'subquery') this.fail(expr.start, `${text} modifier is not supported for subqueries`);
    const selector = expr.kind === 'matrix' ? expr.selector : expr;
    if (selector.kind !== 'selector') this.fail(expr.start, `${text} modifier not implemented`);
    if (text === 'anchored') selector.anchored = true;
    else selector.smoothed = true;
    if (selector.anchored && selector.smoothed) {
      this.fail(expr.start, 'anchored and smoothed modifiers cannot be used together');
    }
    this.#extendTo(expr);
  }

  /** The range of an expression ends with its last modifier. */
  #extendTo(expr: Expr): void {
    if (expr.kind === 'matrix' || expr.kind === 'selector' || expr.kind === 'subquery')
      expr.end = this.#lastEnd;
  }

  #modifiable(expr: Expr, what: string): TimeModifiers {
    if (expr.kind === 'matrix') return expr.selector;
    if (expr.kind === 'selector' || expr.kind === 'subquery') return expr;
    this.fail(
      expr.start,
      `${what} must be preceded by an instant vector selector or range vector selector or a subquery`,
    );
  }

  #offset(expr: Expr): void {
    this.#advance();
    const offset = this.#duration('offset', false);
    const target = this.#modifiable(expr, 'offset modifier');
    if (target.offset !== 0) this.fail(expr.start, 'offset may not be set multiple times');
    target.offset = offset;
    this.#extendTo(expr);
  }

  #at(expr: Expr): void {
    this.#advance();
    let at: number | 'start' | 'end';
    const { text, type } = this.#token;
    if (type === 'keyword' && (text === 'start' || text === 'end')) {
      this.#advance();
      at = text;
      this.#expect('(', '@', 'timestamp');
      this.#expect(')', '@', 'timestamp');
    } else {
      const seconds = this.#signedNumber('@', 'timestamp');
      if (!Number.isFinite(seconds) || Math.abs(seconds * 1000) >= 2 ** 63) {
        this.fail(expr.start, `timestamp out of bounds for @ modifier: ${formatFixed(seconds)}`);
      }
      at = Math.round(seconds * 1000);
    }
    const target = this.#modifiable(expr, '@ modifier');
    if (target.at !== undefined) this.fail(expr.start, '@ <timestamp> may not be set multiple times');
    target.at = at;
    this.#extendTo(expr);
  }

  #signedNumber(context: string, expected: string): number {
    let sign = 1;
    if (this.#is('-') || this.#is('+')) sign = this.#advance().text === '-' ? -1 : 1;
    const token = this.#token;
    if (token.type !== 'number' && token.type !== 'duration') this.#unexpected(context, expected);
    this.#advance();
    return sign * this.#number(token);
  }

  #range(expr: Expr): Expr {
    const bracket = this.#advance();
    const range = this.#duration('subquery selector', true);
    if (this.#is(':')) {
      this.#advance();
      const step = this.#is(']') ? 0 : this.#duration('subquery selector', true);
      this.#expect(']', 'subquery selector', '"]"');
      return {
        kind: 'subquery',
        expr,
        range,
        step,
        offset: 0,
        at: undefined,
        start: expr.start,
        end: this.#lastEnd,
      };
    }
    this.#expect(']', 'subquery or range', '":" or "]"');
    if (expr.kind !== 'selector') this.fail(bracket.start, 'ranges only allowed for vector selectors');
    if (expr.offset !== 0) this.fail(bracket.start, 'no offset modifiers allowed before range');
    if (expr.at !== undefined) this.fail(bracket.start, 'no @ modifiers allowed before range');
    if (expr.anchored || expr.smoothed)
      this.fail(bracket.start, 'no anchored/smoothed modifiers allowed before range');
    return { kind: 'matrix', selector: expr, range, start: expr.start, end: this.#lastEnd };
  }

  /** A duration in milliseconds where it is a plain literal; in brackets it must be positive. */
  #duration(context: string, inBrackets: boolean): Duration {
    const { start } = this.#token;
    const expr = inBrackets ? this.#durationExpr(0, context) : this.#durationUnary(context, true);
    const literal = literalSeconds(expr);
    if (literal === undefined) {
      if (this.#options.durationExpressions !== true) {
        this.fail(start, 'experimental duration expression is not enabled');
      }
      return expr;
    }
    if (inBrackets && literal <= 0) this.fail(start, 'duration must be greater than 0');
    const ms = Math.round(literal * 1000);
    if (!(Math.abs(ms) <= maxDurationMs)) this.fail(start, 'duration out of range');
    return ms;
  }

  #durationExpr(minimum: number, context: string): DurationExpr {
    if (++this.#depth > maxDepth)
      this.fail(this.#token.start, `expression is nested deeper than ${maxDepth} levels`);
    let left = this.#durationUnary(context);
    while (this.#token.type === 'operator') {
      const operator = this.#token.text;
      const precedence = precedences[operator];
      if (precedence === undefined || precedence < minimum || !'+-*/%^'.includes(operator)) break;
      this.#advance();
      const right = this.#durationExpr(operator === '^' ? precedence : precedence + 1, context);
      left = {
        kind: 'duration-binary',
        operator: operator as '+',
        left,
        right,
        start: left.start,
        end: right.end,
      };
    }
    this.#depth--;
    return left;
  }

  /**
   * A sign and what it belongs to. Within parentheses and brackets a power comes before its sign; of a bare offset the
   * sign takes the next operand only, because what follows is no longer part of it: `(m offset -2) ^ 2`.
   */
  #durationUnary(context: string, bareOffset = false): DurationExpr {
    const token = this.#token;
    if (this.#is('-') || this.#is('+')) {
      this.#advance();
      const expr = bareOffset
        ? this.#durationUnary(context, true)
        : this.#durationExpr(powerPrecedence, context);
      return {
        kind: 'duration-unary',
        operator: token.text as '+' | '-',
        expr,
        start: token.start,
        end: expr.end,
      };
    }
    return this.#durationPrimary(context);
  }

  #durationPrimary(context: string): DurationExpr {
    const token = this.#token;
    const { start } = token;
    if (token.type === 'number' || token.type === 'duration') {
      this.#advance();
      const seconds = this.#number(token);
      return { kind: 'duration-literal', seconds, text: token.source, start, end: token.end };
    }
    if (this.#is('(')) {
      this.#advance();
      const expr = this.#durationExpr(0, context);
      const { end } = this.#expect(')', context, '")"');
      return { kind: 'duration-paren', expr, start, end };
    }
    const name = token.source.toLowerCase();
    if (name === 'step' || name === 'range') {
      this.#advance();
      this.#expect('(', context, '"("');
      const { end } = this.#expect(')', context, '")"');
      return { kind: 'duration-call', name, start, end };
    }
    if (name === 'min' || name === 'max' || name === 'min_of' || name === 'max_of') {
      this.#advance();
      this.#expect('(', context, '"("');
      const left = this.#durationExpr(0, context);
      this.#expect(',', context, '","');
      const right = this.#durationExpr(0, context);
      const { end } = this.#expect(')', context, '")"');
      return { kind: 'duration-pick', name, left, right, start, end };
    }
    return this.#unexpected(context, 'number or duration');
  }

  #number(token: Token): number {
    try {
      return token.type === 'duration' ? parseDurationSeconds(token.source) : parseNumber(token.source);
    } catch (error) {
      if (error instanceof DurationError) this.fail(token.start, error.message);
      throw error;
    }
  }
}

/** The seconds of a duration that needs no evaluation: a literal with an optional sign. */
function literalSeconds(expr: DurationExpr): number | undefined {
  if (expr.kind === 'duration-literal') return expr.seconds;
  if (expr.kind !== 'duration-unary' || expr.expr.kind !== 'duration-literal') return undefined;
  return expr.operator === '-' ? -expr.expr.seconds : expr.expr.seconds;
}

/** Whether the token may stand where a label name is wanted, keywords included. */
function isWord(token: Token): boolean {
  return /^[A-Za-z_:]/.test(token.source) && token.type !== 'punctuation';
}

function formatFixed(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return Math.abs(value) >= 1e21 ? `${BigInt(value)}.000000` : value.toFixed(6);
}

function describe(token: Token): string {
  switch (token.type) {
    case 'eof':
      return 'end of input';
    case 'keyword':
      return `<${token.source}>`;
    case 'operator':
      // Alone among them, the sign of a label matcher is no operator to Prometheus.
      return token.source === '=' ? '"="' : `<op:${token.source}>`;
    case 'aggregator':
      return `<aggr:${token.source}>`;
    case 'punctuation':
      return goQuote(token.source);
    case 'identifier':
    case 'metric identifier':
      return `${token.type} ${goQuote(token.source)}`;
    default:
      return `${token.type} ${token.source.length > 10 ? `${goQuote(token.source.slice(0, 10))}...` : goQuote(token.source)}`;
  }
}
