/** Longer than most files: a recursive-descent parser whose functions share one cursor. */
import { TemplateError } from './errors.ts';
import { lex, type Token, type TokenType } from './lexer.ts';
import { parseNumber, unquote } from './literals.ts';
import { type Command, type Definition, describe, type Node, type Operand, type Pipeline } from './nodes.ts';

/** Parentheses and control structures nested deeper than this are refused: they would exhaust the stack. */
const maxDepth = 500;
const operandStarts: ReadonlySet<TokenType> = new Set([
  'bool',
  'charConstant',
  'dot',
  'field',
  'identifier',
  'number',
  'rawString',
  'string',
  'variable',
  'leftParen',
]);

interface Frame {
  readonly name: string;
  /** Variables in scope, innermost last; the slot is the storage of one declaration. */
  variables: { name: string; slot: number }[];
  slots: number;
  rangeDepth: number;
}
type ListEnd = { readonly kind: 'end' | 'else'; readonly text: string };

/** Parses a template text into its definitions, after Go's text/template/parse. Throws {@link TemplateError}. */
export function parse(
  text: string,
  parseName: string,
  hasFunction: (name: string) => boolean,
): Map<string, Definition> {
  const tokens = lex(text);
  const definitions = new Map<string, Definition>();
  const source = { name: parseName, text };
  let cursor = 0;
  let depth = 0;
  let actionLine = 0;
  let frame: Frame = newFrame(parseName);

  function newFrame(name: string): Frame {
    return { name, variables: [{ name: '$', slot: 0 }], slots: 1, rangeDepth: 0 };
  }
  const peek = (): Token => tokens[Math.min(cursor, tokens.length - 1)]!;
  const next = (): Token => {
    const token = peek();
    cursor++;
    return token;
  };
  const nextNonSpace = (): Token => {
    while (peek().type === 'space') cursor++;
    return next();
  };
  const peekNonSpace = (): Token => {
    while (peek().type === 'space') cursor++;
    return peek();
  };
  const isKeyword = (token: Token, word: string) => token.type === 'keyword' && token.value === word;
  const fail = (message: string): never => {
    const line = tokens[Math.min(Math.max(cursor - 1, 0), tokens.length - 1)]?.line ?? 1;
    throw new TemplateError(`template: ${parseName}:${line}: ${message}`);
  };
  const unexpected = (token: Token, context: string): never => {
    if (token.type !== 'error') return fail(`unexpected ${describeToken(token)} in ${context}`);
    let extra = '';
    if (actionLine !== 0 && actionLine !== token.line) {
      extra = ` in action started at ${parseName}:${actionLine}`;
      if (token.value.endsWith(' action')) extra = extra.slice(' in action'.length);
    }
    return fail(token.value + extra);
  };
  const expect = (type: TokenType, context: string) => {
    const token = nextNonSpace();
    if (token.type !== type) unexpected(token, context);
  };
  const enter = () => {
    depth++;
    if (depth > maxDepth) fail('max expression depth exceeded');
  };
  const templateName = (context: string): string => {
    const token = nextNonSpace();
    if (token.type !== 'string' && token.type !== 'rawString') unexpected(token, context);
    return unquote(token.value) ?? fail('invalid syntax');
  };
  /** As in Go, an empty redefinition does not replace a template that has content. */
  const add = (definition: Definition) => {
    const old = definitions.get(definition.name);
    if (old === undefined || isEmpty(old)) definitions.set(definition.name, definition);
    else if (!isEmpty(definition))
      fail(`template: multiple definition of template ${JSON.stringify(definition.name)}`);
  };

  const root: Node[] = [];
  while (peek().type !== 'eof') {
    if (peek().type === 'leftDelim') {
      const start = cursor;
      next();
      if (isKeyword(nextNonSpace(), 'define')) {
        define();
        continue;
      }
      cursor = start;
    }
    const node = textOrAction();
    if (node.kind === 'end' || node.kind === 'else') fail(`unexpected ${node.text}`);
    else root.push(node as Node);
  }
  add({ name: parseName, body: root, slots: frame.slots, source });
  return definitions;

  function define() {
    const context = 'define clause';
    const name = templateName(context);
    expect('rightDelim', context);
    inFrame(name, context);
  }

  function inFrame(name: string, context: string) {
    const outer = frame;
    frame = newFrame(name);
    const { nodes, end } = itemList();
    if (end.kind !== 'end') fail(`unexpected ${end.text} in ${context}`);
    add({ name, body: nodes, slots: frame.slots, source });
    frame = outer;
  }

  function itemList(): { nodes: Node[]; end: ListEnd } {
    const nodes: Node[] = [];
    while (peek().type !== 'eof') {
      const node = textOrAction();
      if (node.kind === 'end' || node.kind === 'else') return { nodes, end: node as ListEnd };
      nodes.push(node as Node);
    }
    next();
    return fail('unexpected EOF');
  }

  function textOrAction(): Node | ListEnd {
    const token = nextNonSpace();
    if (token.type === 'text') return { kind: 'text', position: token.position, text: token.value };
    if (token.type !== 'leftDelim') return unexpected(token, 'input');
    actionLine = token.line;
    const node = action();
    actionLine = 0;
    return node;
  }

  function action(): Node | ListEnd {
    const token = nextNonSpace();
    if (token.type === 'keyword')
      switch (token.value) {
        case 'block': {
          const context = 'block clause';
          const { position } = peekNonSpace();
          const name = templateName(context);
          const argument = pipeline(context, 'rightDelim');
          inFrame(name, context);
          return { kind: 'template', position, name, pipeline: argument };
        }
        case 'break':
        case 'continue': {
          const end = nextNonSpace();
          if (end.type !== 'rightDelim') unexpected(end, `{{${token.value}}}`);
          if (frame.rangeDepth === 0) fail(`{{${token.value}}} outside {{range}}`);
          return { kind: token.value, position: token.position };
        }
        case 'else': {
          const after = peekNonSpace();
          if (!isKeyword(after, 'if') && !isKeyword(after, 'with')) expect('rightDelim', 'else');
          return { kind: 'else', text: '{{else}}' };
        }
        case 'end':
          expect('rightDelim', 'end');
          return { kind: 'end', text: '{{end}}' };
        case 'if':
        case 'range':
        case 'with':
          return control(token.value, token.position);
        case 'template': {
          const context = 'template clause';
          const { position } = peekNonSpace();
          const name = templateName(context);
          const bare = peekNonSpace().type === 'rightDelim';
          if (bare) next();
          return {
            kind: 'template',
            position,
            name,
            pipeline: bare ? undefined : pipeline(context, 'rightDelim'),
          };
        }
      }
    cursor--;
    const { position } = peek();
    return { kind: 'action', position, pipeline: pipeline('command', 'rightDelim') };
  }

  function control(kind: 'if' | 'range' | 'with', position: number): Node {
    enter();
    const scope = frame.variables.length;
    const condition = pipeline(kind, 'rightDelim');
    if (kind === 'range') frame.rangeDepth++;
    const { nodes: body, end } = itemList();
    if (kind === 'range') frame.rangeDepth--;
    let otherwise: Node[] | undefined;
    if (end.kind === 'else') {
      const token = peek();
      if (kind !== 'range' && isKeyword(token, kind)) {
        next();
        otherwise = [control(kind, token.position)];
      } else {
        const rest = itemList();
        if (rest.end.kind !== 'end') fail(`expected end; found ${rest.end.text}`);
        otherwise = rest.nodes;
      }
    }
    frame.variables.length = scope;
    depth--;
    return { kind, position, pipeline: condition, body, otherwise };
  }

  function declare(name: string): { name: string; slot: number } {
    const variable = { name, slot: frame.slots++ };
    frame.variables.push(variable);
    return variable;
  }

  function pipeline(context: string, end: TokenType): Pipeline {
    enter();
    const { position } = peekNonSpace();
    const declarations: { name: string; slot: number }[] = [];
    let assigns = false;
    for (;;) {
      const variable = peekNonSpace();
      if (variable.type !== 'variable') break;
      const start = cursor;
      next();
      const after = peekNonSpace();
      if (after.type === 'assign' || after.type === 'declare') {
        assigns = after.type === 'assign';
        next();
        // Go lets `$x = …` of an undeclared variable pass the parser and fails when it runs; we say it at once.
        const known = frame.variables.findLast(({ name }) => name === variable.value);
        if (assigns && known === undefined) fail(`undefined variable "${variable.value}"`);
        declarations.push(assigns && known !== undefined ? known : declare(variable.value));
        break;
      }
      if (after.type === 'char' && after.value === ',') {
        next();
        if (context !== 'range' || declarations.length > 0) fail(`too many declarations in ${context}`);
        const following = peekNonSpace().type;
        if (following !== 'variable' && following !== 'rightDelim' && following !== 'rightParen')
          fail('range can only initialize variables');
        declarations.push(declare(variable.value));
        continue;
      }
      cursor = start;
      break;
    }
    const commands: Command[] = [];
    for (;;) {
      const token = nextNonSpace();
      if (token.type === end) break;
      if (!operandStarts.has(token.type) && !isKeyword(token, 'nil')) unexpected(token, context);
      cursor--;
      commands.push(command());
    }
    if (commands.length === 0) fail(`missing value for ${context}`);
    commands.slice(1).forEach(({ args }, index) => {
      if (['bool', 'dot', 'nil', 'number', 'string'].includes(args[0]!.kind))
        fail(`non executable command in pipeline stage ${index + 2}`);
    });
    depth--;
    return { kind: 'pipeline', position, assigns, declarations, commands };
  }

  function command(): Command {
    const { position } = peekNonSpace();
    const args: Operand[] = [];
    for (;;) {
      peekNonSpace();
      const node = operand();
      if (node !== undefined) args.push(node);
      const token = next();
      if (token.type === 'space') continue;
      if (token.type === 'rightDelim' || token.type === 'rightParen') cursor--;
      else if (token.type !== 'pipe') unexpected(token, 'operand');
      break;
    }
    if (args.length === 0) fail('empty command');
    return { position, args };
  }

  function operand(): Operand | undefined {
    const node = term();
    if (node === undefined || peek().type !== 'field') return node;
    const { position } = peek();
    const names: string[] = [];
    while (peek().type === 'field') names.push(next().value.slice(1));
    switch (node.kind) {
      case 'field':
      case 'variable':
        return { ...node, position, names: [...node.names, ...names] };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        return fail(`unexpected . after term ${JSON.stringify(describe(node))}`);
      default:
        return { kind: 'chain', position, base: node, names };
    }
  }

  function term(): Operand | undefined {
    const token = nextNonSpace();
    const { position, value } = token;
    switch (token.type) {
      case 'identifier':
        if (!hasFunction(value)) fail(`function ${JSON.stringify(value)} not defined`);
        return { kind: 'identifier', position, name: value };
      case 'dot':
        return { kind: 'dot', position };
      case 'keyword':
        if (value === 'nil') return { kind: 'nil', position };
        break;
      case 'variable': {
        const known = frame.variables.findLast(({ name }) => name === value);
        if (known === undefined) return fail(`undefined variable ${JSON.stringify(value)}`);
        return { kind: 'variable', position, slot: known.slot, names: [value] };
      }
      case 'field':
        return { kind: 'field', position, names: [value.slice(1)] };
      case 'bool':
        return { kind: 'bool', position, value: value === 'true' };
      case 'charConstant':
      case 'number': {
        const number = parseNumber(value);
        if (number === undefined) return fail(`illegal number syntax: ${JSON.stringify(value)}`);
        return { kind: 'number', position, value: number, text: value };
      }
      case 'leftParen':
        return pipeline('parenthesized pipeline', 'rightParen');
      case 'string':
      case 'rawString':
        return { kind: 'string', position, value: unquote(value) ?? fail('invalid syntax'), text: value };
    }
    cursor--;
    return undefined;
  }
}

function isEmpty(definition: Definition): boolean {
  return definition.body.every((node) => node.kind === 'text' && node.text.trim() === '');
}

function describeToken(token: Token): string {
  if (token.type === 'eof') return 'EOF';
  if (token.type === 'error') return token.value;
  if (token.type === 'keyword' || token.type === 'dot') return `<${token.value}>`;
  if (token.value.length > 10) return `${JSON.stringify(token.value.slice(0, 10))}...`;
  return JSON.stringify(token.value);
}
