// One grammar in one file, above 300 lines: LogQL's productions read best side by side. Written by hand rather
// than on @grafana/lezer-logql, because an editor's error-tolerant tree cannot say what Loki says of a bad query
// (which token was unexpected, where, and what would have fitted); parser.test.ts holds the two against each other.
import { compileRegexp } from '../../regexp/regexp.ts';
import type {
  BinaryOperation,
  ComparisonOperator,
  Expression,
  Grouping,
  LabelExtraction,
  LabelFilter,
  LabelFormat,
  LineFilterTerm,
  LogExpression,
  LogRange,
  Matcher,
  MatcherOperator,
  MetricExpression,
  NamedLabel,
  RangeAggregation,
  Stage,
  Unwrap,
  VectorAggregation,
} from './ast.ts';
import { tokenize } from './lexer.ts';
import { LogqlParseError } from './parse-error.ts';
import { type LineMatch, rangeOperations, type Token, vectorOperations } from './tokens.ts';
import { validateExpression, validateRangeAggregation } from './validate.ts';

const matcherOperators = ['=', '=~', '!~', '!='] as const;
const comparisons: Readonly<Record<string, ComparisonOperator>> = {
  '=': '==',
  '==': '==',
  '!=': '!=',
  '>': '>',
  '>=': '>=',
  '<': '<',
  '<=': '<=',
};
const lineMatches: ReadonlySet<string> = new Set(['|=', '!=', '|~', '!~', '|>', '!>']);
/** Binary operators by how tightly they bind; `^` alone groups to the right. */
const precedence: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  '^': 6,
};
/** A query nested deeper than this is refused rather than overflowing the stack. */
const maxDepth = 500;
/** Loki's limit on a query's length (querier: max query size is bounded by the parser). */
const maxQueryBytes = 128 * 1024;

/** Parses a LogQL query and checks what Loki checks before it runs one. Throws a LogqlParseError. */
export function parseQuery(query: string): Expression {
  if (query.length > maxQueryBytes) {
    throw new LogqlParseError(`input size too long (${Buffer.byteLength(query)} > ${maxQueryBytes})`);
  }
  const parser = new Parser(tokenize(query));
  const expression = parser.expression(0);
  parser.end();
  validateExpression(expression);
  return expression;
}

/** Parses a query that must select log lines. */
export function parseLogQuery(query: string): LogExpression {
  const expression = parseQuery(query);
  if (expression.kind !== 'log') {
    throw new LogqlParseError('only log selector is supported');
  }
  return expression;
}

/** Parses `{app="x"}` alone. With `validate` it must hold a matcher that cannot match the empty text. */
export function parseMatchers(query: string, options: { validate: boolean }): readonly Matcher[] {
  const parser = new Parser(tokenize(query));
  const expression = parser.expression(0);
  parser.end();
  if (expression.kind !== 'log' || expression.stages.length > 0) {
    throw new LogqlParseError('only label matchers is supported');
  }
  if (options.validate) validateExpression(expression);
  return expression.matchers;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get #next(): Token {
    return this.#tokens[this.#at]!;
  }

  #is(...kinds: string[]): boolean {
    return kinds.includes(this.#next.kind);
  }

  #take(): Token {
    const token = this.#next;
    if (token.kind !== '$end') this.#at++;
    return token;
  }

  #accept(kind: string): boolean {
    if (this.#next.kind !== kind) return false;
    this.#at++;
    return true;
  }

  /** Fails as goyacc does: at most four tokens that would have fitted are named. */
  #fail(...expected: string[]): never {
    let token = this.#next;
    // A log query has no unwrap: its pipe still fits, the word does not.
    if (token.kind === '|' && this.#tokens[this.#at + 1]!.kind === 'unwrap')
      token = this.#tokens[this.#at + 1]!;
    const hint = expected.length > 0 && expected.length <= 4 ? `, expecting ${expected.join(' or ')}` : '';
    throw new LogqlParseError(`syntax error: unexpected ${token.kind}${hint}`, token.line, token.column);
  }

  /** Takes a token of this kind, or fails; `expected` is what the message then offers. */
  #expect(kind: string, expected: readonly string[] = [kind]): Token {
    if (this.#next.kind !== kind) this.#fail(...expected);
    return this.#take();
  }

  #string(): string {
    return this.#expect('STRING').value as string;
  }

  end(): void {
    if (!this.#is('$end')) this.#fail();
  }

  expression(minimum: number): Expression {
    if (++this.#depth > maxDepth) throw new LogqlParseError('query is nested too deeply');
    let left = this.#operand();
    for (;;) {
      const operator = this.#next.kind;
      const power = precedence[operator];
      if (power === undefined || power < minimum) break;
      this.#take();
      const { returnBool, matching } = this.#modifier();
      const right = this.expression(operator === '^' ? power : power + 1);
      left = this.#binary(operator, left, right, returnBool, matching);
    }
    this.#depth--;
    return left;
  }

  #binary(
    operator: string,
    left: Expression,
    right: Expression,
    returnBool: boolean,
    matching: BinaryOperation['matching'],
  ): MetricExpression {
    for (const [leg, side] of [
      ['left', left],
      ['right', right],
    ] as const) {
      if (side.kind !== 'log') continue;
      const type = side.stages.length === 0 ? '*syntax.MatchersExpr' : '*syntax.PipelineExpr';
      throw new LogqlParseError(`unexpected type for ${leg} leg of binary operation (${operator}): ${type}`);
    }
    const sides = { left: left as MetricExpression, right: right as MetricExpression };
    if (['or', 'and', 'unless'].includes(operator)) {
      for (const leg of ['left', 'right'] as const) {
        const side = sides[leg];
        if (side.kind === 'literal') {
          throw new LogqlParseError(
            `unexpected literal for ${leg} leg of logical/set binary operation (${operator}): ${side.value}`,
          );
        }
      }
    }
    return { kind: 'binary', operator, ...sides, returnBool, matching };
  }

  #modifier(): Pick<BinaryOperation, 'returnBool' | 'matching'> {
    const returnBool = this.#accept('bool');
    if (!this.#is('on', 'ignoring')) {
      return {
        returnBool,
        matching: { cardinality: 'one-to-one', on: false, labels: [], include: [] },
      };
    }
    const on = this.#take().kind === 'on';
    const labels = this.#labelList();
    let cardinality: BinaryOperation['matching']['cardinality'] = 'one-to-one';
    let include: string[] = [];
    if (this.#is('group_left', 'group_right')) {
      cardinality = this.#take().kind === 'group_left' ? 'many-to-one' : 'one-to-many';
      // `group_left (a, b)` names labels; `group_left (sum(…))` starts the operand.
      const second = this.#tokens[this.#at + 1]?.kind;
      const third = this.#tokens[this.#at + 2]?.kind;
      if (
        this.#is('(') &&
        (second === ')' || (second === 'IDENTIFIER' && (third === ',' || third === ')')))
      ) {
        include = this.#labelList();
      }
    }
    return { returnBool, matching: { cardinality, on, labels, include } };
  }

  #operand(): Expression {
    const token = this.#next;
    if (token.kind === '{') return this.#log();
    if (token.kind === '(') {
      this.#take();
      const inner = this.expression(0);
      // After a metric an operator would fit as well: too many to name.
      this.#expect(')', inner.kind === 'log' ? [')'] : []);
      return inner;
    }
    if (token.kind === 'NUMBER' || token.kind === '+' || token.kind === '-') {
      return { kind: 'literal', value: this.#literal() };
    }
    if (rangeOperations.has(token.kind)) return this.#rangeAggregation();
    if (vectorOperations.has(token.kind)) return this.#vectorAggregation();
    if (token.kind === 'label_replace') return this.#labelReplace();
    if (token.kind === 'vector') {
      this.#take();
      this.#expect('(');
      const value = this.#expect('NUMBER').value as number;
      this.#expect(')');
      return { kind: 'vector', value };
    }
    this.#fail();
  }

  #literal(): number {
    const sign = this.#is('-') ? -1 : 1;
    if (this.#is('+', '-')) this.#take();
    return sign * (this.#expect('NUMBER').value as number);
  }

  #log(): LogExpression {
    return { kind: 'log', matchers: this.#selector(), stages: this.#stages() };
  }

  #selector(): Matcher[] {
    this.#expect('{');
    const matchers: Matcher[] = [];
    if (this.#accept('}')) return matchers;
    if (!this.#is('IDENTIFIER')) this.#fail('IDENTIFIER', '}');
    for (;;) {
      matchers.push(this.#matcher());
      if (this.#accept('}')) return matchers;
      if (!this.#accept(',')) this.#fail('}', ',');
    }
  }

  #matcher(): Matcher {
    const name = this.#expect('IDENTIFIER').text;
    if (!this.#is(...matcherOperators)) this.#fail(...matcherOperators);
    const operator = this.#take().kind as MatcherOperator;
    return newMatcher(name, operator, this.#string());
  }

  #stages(): Stage[] {
    const stages: Stage[] = [];
    for (;;) {
      if (lineMatches.has(this.#next.kind)) stages.push(this.#lineFilter());
      else if (this.#is('|') && this.#tokens[this.#at + 1]!.kind !== 'unwrap') {
        this.#take();
        stages.push(this.#stage());
      } else return stages;
    }
  }

  #lineFilter(): Stage {
    const operator = this.#take().kind as LineMatch;
    const terms: LineFilterTerm[] = [this.#lineFilterTerm()];
    while (this.#is('or') && ['STRING', 'ip'].includes(this.#tokens[this.#at + 1]!.kind)) {
      this.#take();
      terms.push(this.#lineFilterTerm());
    }
    return { kind: 'line-filter', operator, terms };
  }

  #lineFilterTerm(): LineFilterTerm {
    if (this.#accept('ip')) {
      this.#expect('(');
      const match = this.#string();
      this.#expect(')');
      return { ip: true, match };
    }
    return { ip: false, match: this.#expect('STRING', ['STRING', 'ip']).value as string };
  }

  #stage(): Stage {
    const kind = this.#next.kind;
    switch (kind) {
      case 'json':
        this.#take();
        if (this.#is('IDENTIFIER')) {
          return { kind: 'json-expressions', expressions: this.#extractions() };
        }
        return { kind: 'json' };
      case 'logfmt': {
        this.#take();
        let strict = false;
        let keepEmpty = false;
        while (this.#is('FUNCTION_FLAG')) {
          if (this.#take().text === '--strict') strict = true;
          else keepEmpty = true;
        }
        if (this.#is('IDENTIFIER')) {
          return { kind: 'logfmt-expressions', strict, keepEmpty, expressions: this.#extractions() };
        }
        return { kind: 'logfmt', strict, keepEmpty };
      }
      case 'unpack':
      case 'decolorize':
        this.#take();
        return { kind };
      case 'regexp':
      case 'pattern':
        this.#take();
        return { kind, text: this.#string() };
      case 'line_format':
        this.#take();
        return { kind: 'line-format', text: this.#string() };
      case 'label_format':
        this.#take();
        return { kind: 'label-format', formats: this.#labelFormats() };
      case 'drop':
      case 'keep':
        this.#take();
        return { kind, labels: this.#namedLabels() };
      case 'IDENTIFIER':
      case '(':
        return { kind: 'label-filter', filter: this.#labelFilter(0) };
      default:
        this.#fail();
    }
  }

  #extractions(): LabelExtraction[] {
    const expressions: LabelExtraction[] = [];
    do {
      const identifier = this.#expect('IDENTIFIER').text;
      expressions.push({
        identifier,
        expression: this.#accept('=') ? this.#string() : identifier,
      });
    } while (this.#accept(','));
    return expressions;
  }

  #labelFormats(): LabelFormat[] {
    const formats: LabelFormat[] = [];
    do {
      const name = this.#expect('IDENTIFIER').text;
      this.#expect('=');
      if (!this.#is('IDENTIFIER', 'STRING')) this.#fail('IDENTIFIER', 'STRING');
      const token = this.#take();
      formats.push(
        token.kind === 'STRING' ? { name, template: token.value as string } : { name, source: token.text },
      );
    } while (this.#accept(','));
    return formats;
  }

  #namedLabels(): NamedLabel[] {
    const labels: NamedLabel[] = [];
    do {
      const name = this.#expect('IDENTIFIER').text;
      if (!this.#is(...matcherOperators)) labels.push({ name });
      else {
        this.#at--;
        labels.push({ name, matcher: this.#matcher() });
      }
    } while (this.#accept(','));
    return labels;
  }

  /** As goyacc resolves it: a comma (or nothing) between filters always binds to what follows, `and` before `or`. */
  #labelFilter(minimum: number): LabelFilter {
    if (++this.#depth > maxDepth) throw new LogqlParseError('query is nested too deeply');
    let left = this.#labelFilterOperand();
    for (;;) {
      if (this.#is('or') && minimum <= 1) {
        this.#take();
        left = { kind: 'or', left, right: this.#labelFilter(2) };
      } else if (this.#is('and') && minimum <= 2) {
        this.#take();
        left = { kind: 'and', left, right: this.#labelFilter(3) };
      } else if (this.#is(',', 'IDENTIFIER', '(')) {
        this.#accept(',');
        left = { kind: 'and', left, right: this.#labelFilter(0) };
      } else break;
    }
    this.#depth--;
    return left;
  }

  #labelFilterOperand(): LabelFilter {
    if (this.#accept('(')) {
      const inner = this.#labelFilter(0);
      this.#expect(')', []);
      return inner;
    }
    const name = this.#expect('IDENTIFIER').text;
    const operator = this.#next.kind;
    if (operator === '=~' || operator === '!~') {
      this.#take();
      return { kind: 'string', matcher: newMatcher(name, operator, this.#string()) };
    }
    const comparison = comparisons[operator];
    if (comparison === undefined) this.#fail();
    this.#take();
    const value = this.#next;
    const equality = operator === '=' || operator === '!=';
    switch (value.kind) {
      case 'DURATION':
      case 'BYTES':
        this.#take();
        return {
          kind: value.kind === 'BYTES' ? 'bytes' : 'duration',
          name,
          operator: comparison!,
          value: value.value as number,
        };
      case 'NUMBER':
      case '+':
      case '-':
        return { kind: 'number', name, operator: comparison!, value: this.#literal() };
      case 'STRING':
        if (!equality) this.#fail();
        this.#take();
        return { kind: 'string', matcher: newMatcher(name, operator, value.value as string) };
      case 'ip': {
        if (!equality) this.#fail();
        this.#take();
        this.#expect('(');
        const pattern = this.#string();
        this.#expect(')');
        return { kind: 'ip', name, operator, pattern };
      }
      default:
        this.#fail();
    }
  }

  #unwrap(): Unwrap | undefined {
    if (!this.#is('|')) return undefined;
    this.#take();
    this.#expect('unwrap');
    let conversion: Unwrap['conversion'] = '';
    let identifier: string;
    if (this.#is('bytes', 'duration', 'duration_seconds')) {
      conversion = this.#take().kind as Unwrap['conversion'];
      this.#expect('(');
      identifier = this.#expect('IDENTIFIER').text;
      this.#expect(')');
    } else {
      identifier = this.#expect('IDENTIFIER', ['IDENTIFIER', 'bytes', 'duration', 'duration_seconds']).text;
    }
    const postFilters: LabelFilter[] = [];
    while (this.#accept('|')) {
      if (!this.#is('IDENTIFIER', '(')) this.#fail('IDENTIFIER', '(');
      postFilters.push(this.#labelFilter(0));
    }
    return { identifier, conversion, postFilters };
  }

  #offset(): number {
    return this.#accept('offset') ? (this.#expect('DURATION').value as number) : 0;
  }

  /** `{…} stages [1m] offset 5m`, the range also before the stages, any part of it in parentheses. */
  #logRange(alternatives: string[]): LogRange {
    if (++this.#depth > maxDepth) throw new LogqlParseError('query is nested too deeply');
    if (this.#is('(')) {
      const saved = this.#at;
      this.#take();
      if (this.#is('{')) {
        const matchers = this.#selector();
        const stages = this.#stages();
        const unwrap = this.#unwrap();
        if (this.#accept(')')) {
          const rangeNs = this.#expect('RANGE').value as number;
          const offsetNs = this.#offset();
          const after = stages.length === 0 && unwrap === undefined ? this.#unwrap() : unwrap;
          this.#depth--;
          return { log: { kind: 'log', matchers, stages }, rangeNs, offsetNs, unwrap: after };
        }
      }
      this.#at = saved + 1;
      const inner = this.#logRange(['{', '(']);
      this.#expect(')');
      this.#depth--;
      return inner;
    }
    if (!this.#is('{')) this.#fail(...alternatives);
    const matchers = this.#selector();
    let stages = this.#stages();
    let unwrap = this.#unwrap();
    if (!this.#is('RANGE')) this.#fail(...(unwrap === undefined ? [] : ['RANGE', '|']));
    const rangeNs = this.#take().value as number;
    const offsetNs = this.#offset();
    if (stages.length === 0 && unwrap === undefined) {
      stages = this.#stages();
      unwrap = this.#unwrap();
    }
    this.#depth--;
    return { log: { kind: 'log', matchers, stages }, rangeNs, offsetNs, unwrap };
  }

  #rangeAggregation(): RangeAggregation {
    const operation = this.#take().kind;
    this.#expect('(');
    let parameter: number | undefined;
    if (this.#is('NUMBER')) {
      parameter = this.#take().value as number;
      this.#expect(',');
    }
    const range = this.#logRange(parameter === undefined ? ['NUMBER', '{', '('] : ['{', '(']);
    this.#expect(')');
    const grouping = this.#grouping();
    const expression: RangeAggregation = {
      kind: 'range-aggregation',
      operation,
      range,
      parameter,
      grouping,
    };
    validateRangeAggregation(expression);
    return expression;
  }

  #grouping(): Grouping | undefined {
    if (!this.#is('by', 'without')) return undefined;
    const without = this.#take().kind === 'without';
    return { without, labels: this.#labelList() };
  }

  #labelList(): string[] {
    this.#expect('(');
    if (this.#accept(')')) return [];
    if (!this.#is('IDENTIFIER')) this.#fail('IDENTIFIER', ')');
    const labels = [this.#take().text];
    while (!this.#accept(')')) {
      if (!this.#accept(',')) this.#fail(',', ')');
      labels.push(this.#expect('IDENTIFIER').text);
    }
    return labels;
  }

  #metric(): MetricExpression {
    const expression = this.expression(0);
    // A log query where a metric is wanted fails where it should have gone on.
    if (expression.kind === 'log') this.#fail();
    return expression;
  }

  #vectorAggregation(): VectorAggregation {
    const operation = this.#take().kind;
    let grouping = this.#grouping();
    this.#expect('(');
    let parameter: number | undefined;
    if (this.#is('NUMBER') && this.#tokens[this.#at + 1]!.kind === ',') {
      parameter = this.#take().value as number;
      this.#take();
    }
    const parameterText = parameter === undefined ? '' : this.#tokens[this.#at - 2]!.text;
    const expression = this.#metric();
    if (!this.#accept(')')) this.#fail();
    grouping ??= this.#grouping();
    return newVectorAggregation(operation, expression, parameter, parameterText, grouping);
  }

  #labelReplace(): MetricExpression {
    this.#take();
    this.#expect('(');
    const expression = this.#metric();
    const texts: string[] = [];
    for (let index = 0; index < 4; index++) {
      if (!this.#accept(',')) this.#fail(...(index === 0 ? [] : [',']));
      texts.push(this.#string());
    }
    this.#expect(')');
    const [destination, replacement, source, pattern] = texts as [string, string, string, string];
    try {
      compileRegexp(pattern, { anchored: true });
    } catch (error) {
      throw new LogqlParseError(
        `invalid regex in label_replace: ${(error as Error).message.replace(`\`${pattern}\``, `\`^(?:${pattern})$\``)}`,
      );
    }
    return { kind: 'label-replace', expression, destination, replacement, source, pattern };
  }
}

function newMatcher(name: string, operator: string, value: string): Matcher {
  if (operator === '=~' || operator === '!~') {
    try {
      compileRegexp(value, { anchored: true });
    } catch (error) {
      throw new LogqlParseError((error as Error).message);
    }
  }
  return { name, operator: operator as MatcherOperator, value };
}

function newVectorAggregation(
  operation: string,
  expression: MetricExpression,
  parameter: number | undefined,
  parameterText: string,
  grouping: Grouping | undefined,
): VectorAggregation {
  const needs = operation === 'topk' || operation === 'bottomk' || operation === 'approx_topk';
  if (needs) {
    if (parameter === undefined) {
      throw new LogqlParseError(`parameter required for operation ${operation}`);
    }
    if (!Number.isInteger(parameter)) {
      throw new LogqlParseError(`invalid parameter ${operation}(${parameterText},`);
    }
    if (parameter <= 0) {
      throw new LogqlParseError(`invalid parameter (must be greater than 0) ${operation}(${parameterText}`);
    }
    if (operation === 'approx_topk' && grouping !== undefined) {
      throw new LogqlParseError('grouping not allowed for approx_topk aggregation');
    }
  } else if (parameter !== undefined) {
    throw new LogqlParseError(`unsupported parameter for operation ${operation}(${parameterText},`);
  }
  return { kind: 'vector-aggregation', operation, expression, parameter: parameter ?? 0, grouping };
}
