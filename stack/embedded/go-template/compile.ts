/**
 * Turns a syntax tree into closures once, so that a template which runs over every line of a log costs only its
 * work. Longer than most files: one function for each kind of node, all sharing the same error locations.
 */
import { builtins } from './builtins.ts';
import { TemplateError } from './errors.ts';
import type { GoFunction, GoFunctions, ParameterType } from './functions.ts';
import type { HtmlEscaper } from './html-escaper.ts';
import {
  type At,
  type Command,
  type Definition,
  describe,
  describeCommand,
  type Node,
  type Operand,
  type Pipeline,
} from './nodes.ts';
import { quote } from './printf.ts';
import { formatValue, isMapLike, isTrue, sortedEntries, typeName } from './values.ts';

export type MissingKey = 'default' | 'zero' | 'error';

/** What one execution carries along. */
export interface State {
  out: string;
  variables: unknown[];
  depth: number;
  steps: number;
  readonly maxSteps: number;
  readonly maxOutput: number;
  readonly escaper: HtmlEscaper | undefined;
  readonly lookup: (name: string) => Compiled | undefined;
}
export interface Compiled {
  readonly name: string;
  readonly slots: number;
  readonly run: (state: State, dot: unknown) => void;
}
/** How a list of nodes ended: 0 at its end, 1 by break, 2 by continue. */
type Outcome = 0 | 1 | 2;
type Run = (state: State, dot: unknown) => Outcome;
type Evaluate = (state: State, dot: unknown) => unknown;
type EvaluateWithFinal = (state: State, dot: unknown, final: unknown) => unknown;

const maxTemplateDepth = 500;

export interface CompileOptions {
  readonly functions: GoFunctions;
  readonly missingKey: MissingKey;
}

/** Compiles one named template. */
export function compile(definition: Definition, options: CompileOptions): Compiled {
  const { missingKey } = options;
  const { source } = definition;

  function located(node: At, description: string, message: string): TemplateError {
    const before = source.text.slice(0, node.position);
    const newline = before.lastIndexOf('\n');
    const line = before.split('\n').length;
    const column = Buffer.byteLength(before.slice(newline + 1));
    return new TemplateError(
      `template: ${source.name}:${line}:${column}: executing ${quote(definition.name)} at <${description}>: ${message}`,
    );
  }
  const fail = (node: Operand, message: string): never => {
    throw located(node, describe(node), message);
  };

  function list(nodes: readonly Node[]): Run {
    const runs = nodes.map(statement);
    if (runs.length === 1) return runs[0]!;
    return (state, dot) => {
      for (const run of runs) {
        const outcome = run(state, dot);
        if (outcome !== 0) return outcome;
      }
      return 0;
    };
  }

  function write(state: State, text: string) {
    state.out += text;
    if (state.out.length > state.maxOutput)
      throw new TemplateError(`template: ${source.name}: output exceeds ${state.maxOutput} characters`);
  }

  function step(state: State) {
    state.steps++;
    if (state.steps > state.maxSteps)
      throw new TemplateError(`template: ${source.name}: execution exceeds ${state.maxSteps} steps`);
  }

  function statement(node: Node): Run {
    switch (node.kind) {
      case 'text': {
        const { text } = node;
        return (state) => {
          write(state, state.escaper === undefined ? text : state.escaper.literal(text));
          return 0;
        };
      }
      case 'action': {
        const value = pipeline(node.pipeline);
        if (node.pipeline.declarations.length > 0)
          return (state, dot) => {
            value(state, dot);
            return 0;
          };
        return (state, dot) => {
          const result = value(state, dot);
          if (state.escaper !== undefined) write(state, state.escaper.value(result));
          else if (typeof result === 'string') write(state, result);
          else if (result === null || result === undefined) write(state, '<no value>');
          else if (typeof result === 'function')
            throw located(
              node,
              describe(node.pipeline),
              `can't print ${describe(node.pipeline)} of type func`,
            );
          else write(state, formatValue(result));
          return 0;
        };
      }
      case 'break':
        return () => 1;
      case 'continue':
        return () => 2;
      case 'if':
      case 'with': {
        const condition = pipeline(node.pipeline);
        const body = list(node.body);
        const otherwise = node.otherwise === undefined ? undefined : list(node.otherwise);
        const rebinds = node.kind === 'with';
        return (state, dot) => {
          const value = condition(state, dot);
          if (isTrue(value)) return body(state, rebinds ? value : dot);
          return otherwise === undefined ? 0 : otherwise(state, dot);
        };
      }
      case 'range':
        return range(node);
      case 'template':
        return call(node);
    }
  }

  function range(node: Node & { kind: 'if' | 'with' | 'range' }): Run {
    const [first, second] = node.pipeline.declarations;
    const subject = commands(node.pipeline);
    const body = list(node.body);
    const otherwise = node.otherwise === undefined ? undefined : list(node.otherwise);
    const keySlot = second === undefined ? undefined : first?.slot;
    const valueSlot = second?.slot ?? first?.slot;
    const once = (state: State, key: unknown, item: unknown): Outcome => {
      step(state);
      if (keySlot !== undefined) state.variables[keySlot] = key;
      if (valueSlot !== undefined) state.variables[valueSlot] = item;
      return body(state, item);
    };
    return (state, dot) => {
      const value = subject(state, dot);
      let ran = false;
      if (Array.isArray(value))
        for (let index = 0; index < value.length; index++) {
          ran = true;
          if (once(state, BigInt(index), value[index]) === 1) break;
        }
      else if (typeof value === 'bigint' || Number.isInteger(value)) {
        const end = Number(value);
        for (let index = 0; index < end; index++) {
          ran = true;
          if (once(state, BigInt(index), BigInt(index)) === 1) break;
        }
      } else if (isMapLike(value))
        for (const [key, item] of sortedEntries(value)) {
          ran = true;
          if (once(state, key, item) === 1) break;
        }
      else if (value !== null && value !== undefined)
        throw located(node, describe(node.pipeline), `range can't iterate over ${formatValue(value)}`);
      return ran || otherwise === undefined ? 0 : otherwise(state, dot);
    };
  }

  function call(node: Node & { kind: 'template' }): Run {
    const argument = node.pipeline === undefined ? undefined : pipeline(node.pipeline);
    const text = `{{template ${quote(node.name)}${node.pipeline === undefined ? '' : ` ${describe(node.pipeline)}`}}}`;
    return (state, dot) => {
      const target = state.lookup(node.name);
      if (target === undefined) throw located(node, text, `template ${quote(node.name)} not defined`);
      if (state.depth >= maxTemplateDepth)
        throw located(node, text, `exceeded maximum template depth (${maxTemplateDepth})`);
      step(state);
      const data = argument === undefined ? undefined : argument(state, dot);
      const outer = state.variables;
      state.variables = new Array(target.slots);
      state.variables[0] = data;
      state.depth++;
      target.run(state, data);
      state.depth--;
      state.variables = outer;
      return 0;
    };
  }

  /** The pipeline's value, stored in its variable when it declares one. */
  function pipeline(node: Pipeline): Evaluate {
    const value = commands(node);
    const slot = node.declarations[0]?.slot;
    if (slot === undefined) return value;
    return (state, dot) => {
      const result = value(state, dot);
      state.variables[slot] = result;
      return result;
    };
  }

  function commands(node: Pipeline): Evaluate {
    const [first, ...rest] = node.commands;
    const start = command(first!, false);
    if (rest.length === 0) return (state, dot) => start(state, dot, undefined);
    const stages = rest.map((item) => command(item, true));
    return (state, dot) => {
      let value = start(state, dot, undefined);
      for (const stage of stages) value = stage(state, dot, value);
      return value;
    };
  }

  function command(node: Command, hasFinal: boolean): EvaluateWithFinal {
    const [word, ...rest] = node.args;
    const head = word!;
    const hasArgs = rest.length > 0 || hasFinal;
    switch (head.kind) {
      case 'identifier':
        return functionCall(head, node, hasFinal);
      case 'field':
        return fields(head, (_, dot) => dot, head.names, rest, hasFinal);
      case 'variable': {
        const { slot } = head;
        if (head.names.length > 1)
          return fields(head, (state) => state.variables[slot], head.names.slice(1), rest, hasFinal);
        if (hasArgs) return () => fail(head, `can't give argument to non-function ${describe(head)}`);
        return (state) => state.variables[slot];
      }
      case 'chain':
        return fields(head, operand(head.base), head.names, rest, hasFinal);
      case 'nil':
        return () => fail(head, 'nil is not a command');
      default: {
        if (hasArgs) return () => fail(head, `can't give argument to non-function ${describe(head)}`);
        return operand(head);
      }
    }
  }

  /** An operand as an argument or as a value of its own. */
  function operand(node: Operand): Evaluate {
    switch (node.kind) {
      case 'dot':
        return (_, dot) => dot;
      case 'nil':
        return () => null;
      case 'bool':
      case 'string':
      case 'number': {
        const { value } = node;
        return () => value;
      }
      case 'pipeline':
        return pipeline(node);
      default: {
        const run = command({ position: node.position, args: [node] }, false);
        return (state, dot) => run(state, dot, undefined);
      }
    }
  }

  /** A chain of fields; arguments go to the last of them, which then must be a method. */
  function fields(
    node: Operand,
    base: Evaluate,
    names: readonly string[],
    args: readonly Operand[],
    hasFinal: boolean,
  ): EvaluateWithFinal {
    const parameters = args.map(operand);
    const hasArgs = parameters.length > 0 || hasFinal;
    if (!hasArgs && names.length === 1) {
      const name = names[0]!;
      return (state, dot) => field(node, base(state, dot), name, undefined);
    }
    const last = names.length - 1;
    return (state, dot, final) => {
      let value = base(state, dot);
      for (let index = 0; index < last; index++) value = field(node, value, names[index]!, undefined);
      if (!hasArgs) return field(node, value, names[last]!, undefined);
      const given = parameters.map((parameter) => parameter(state, dot));
      if (hasFinal) given.push(final);
      return field(node, value, names[last]!, given);
    };
  }

  function field(node: Operand, receiver: unknown, name: string, args: unknown[] | undefined): unknown {
    if (receiver === null || receiver === undefined) {
      if (missingKey === 'error') return fail(node, `nil data; no entry for key ${quote(name)}`);
      if (receiver === undefined) return undefined;
      return fail(node, `nil pointer evaluating interface {}.${name}`);
    }
    if (typeof receiver !== 'object')
      return fail(node, `can't evaluate field ${name} in type ${typeName(receiver)}`);
    const isMap = isMapLike(receiver);
    if (isMap && args === undefined && !(receiver instanceof Map)) {
      if (Object.hasOwn(receiver, name)) {
        const value = receiver[name];
        return typeof value === 'function' ? invoke(node, name, value as GoFunction, receiver, []) : value;
      }
      return missing(node, name);
    }
    const exported = /^\p{Lu}/u.test(name);
    const property =
      exported && (!isMap || receiver instanceof Map)
        ? (receiver as Record<string, unknown>)[name]
        : undefined;
    if (typeof property === 'function')
      return invoke(node, name, property as GoFunction, receiver, args ?? []);
    if (isMap) {
      if (args !== undefined) return fail(node, `${name} is not a method but has arguments`);
      const value = receiver instanceof Map ? receiver.get(name) : undefined;
      return value === undefined ? missing(node, name) : value;
    }
    if (exported && !Array.isArray(receiver) && name in receiver) {
      if (args !== undefined) return fail(node, `${name} has arguments but cannot be invoked as function`);
      return property;
    }
    return fail(node, `can't evaluate field ${name} in type ${typeName(receiver)}`);
  }

  function missing(node: Operand, name: string): unknown {
    if (missingKey === 'error') return fail(node, `map has no entry for key ${quote(name)}`);
    return missingKey === 'zero' ? '' : undefined;
  }

  function invoke(
    node: Operand,
    name: string,
    target: GoFunction,
    receiver: unknown,
    args: unknown[],
  ): unknown {
    if (args.length !== target.length)
      return fail(node, `wrong number of args for ${name}: want ${target.length} got ${args.length}`);
    try {
      return target.apply(receiver, args as never[]);
    } catch (error) {
      if (error instanceof TemplateError) throw error;
      return fail(node, `error calling ${name}: ${(error as Error).message}`);
    }
  }

  function functionCall(
    head: Operand & { kind: 'identifier' },
    node: Command,
    hasFinal: boolean,
  ): EvaluateWithFinal {
    const { name } = head;
    const args = node.args.slice(1);
    const own = Object.hasOwn(options.functions, name) ? options.functions[name] : undefined;
    const target = own ?? builtins[name]!;
    const failCommand = (message: string): never => {
      throw located(head, describeCommand(node) === name ? name : describeCommand(node), message);
    };
    const count = args.length + (hasFinal ? 1 : 0);
    if (own === undefined && (name === 'and' || name === 'or')) {
      const operands = args.map(operand);
      const stopAt = name === 'or';
      if (count === 0) return () => fail(head, `wrong number of args for ${name}: want at least 1 got 0`);
      return (state, dot, final) => {
        let value: unknown;
        for (const evaluate of operands) {
          value = evaluate(state, dot);
          if (isTrue(value) === stopAt) return value;
        }
        return hasFinal ? final : value;
      };
    }
    const { signature } = target;
    if (signature !== undefined) {
      const { parameters, variadic } = signature;
      const wanted = variadic ? parameters.length - 1 : parameters.length;
      if (variadic ? count < wanted : count !== wanted) {
        const least = variadic ? `at least ${wanted}` : `${wanted}`;
        return () => fail(head, `wrong number of args for ${name}: want ${least} got ${count}`);
      }
    }
    const typeOf = (index: number): ParameterType =>
      signature === undefined
        ? 'any'
        : (signature.parameters[Math.min(index, signature.parameters.length - 1)] ?? 'any');
    const operands = args.map((arg, index) => argument(arg, typeOf(index)));
    const finalType = typeOf(args.length);
    const invokeFunction = (given: unknown[]): unknown => {
      try {
        return target(...(given as never[]));
      } catch (error) {
        if (error instanceof TemplateError) throw error;
        if (error instanceof RangeError && /call stack/i.test(error.message)) throw error;
        return failCommand(`error calling ${name}: ${(error as Error).message}`);
      }
    };
    return (state, dot, final) => {
      const given: unknown[] = new Array(operands.length);
      for (let index = 0; index < operands.length; index++) given[index] = operands[index]!(state, dot);
      if (hasFinal) given.push(finalType === 'any' ? final : check(final, finalType, head));
      return invokeFunction(given);
    };
  }

  function argument(node: Operand, type: ParameterType): Evaluate {
    const evaluate = operand(node);
    if (type === 'any') return evaluate;
    if (node.kind === 'nil') return () => fail(node, `cannot assign nil to ${type}`);
    if (node.kind === 'bool' || node.kind === 'string' || node.kind === 'number') {
      const value = constant(node.value, type);
      const expected = { string: 'string', bool: 'bool', int: 'integer', float64: 'float' }[type];
      if (value === undefined) return () => fail(node, `expected ${expected}; found ${describe(node)}`);
      return () => value;
    }
    return (state, dot) => check(evaluate(state, dot), type, node);
  }

  function check(value: unknown, type: ParameterType, node: Operand): unknown {
    if (value === undefined || value === null) return fail(node, `invalid value; expected ${type}`);
    const actual =
      typeof value === 'bigint'
        ? 'int'
        : typeof value === 'number'
          ? 'float64'
          : typeof value === 'boolean'
            ? 'bool'
            : typeof value;
    if (actual === type) return value;
    return fail(node, `wrong type for value; expected ${type}; got ${typeName(value)}`);
  }

  const body = list(definition.body);
  return {
    name: definition.name,
    slots: definition.slots,
    run: (state, dot) => {
      body(state, dot);
    },
  };
}

/** A constant converted to the parameter's type, as Go converts its untyped constants. */
function constant(value: string | bigint | number | boolean, type: ParameterType): unknown {
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : undefined;
    case 'bool':
      return typeof value === 'boolean' ? value : undefined;
    case 'int':
      if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
      return typeof value === 'bigint' ? value : undefined;
    case 'float64':
      if (typeof value === 'bigint') return Number(value);
      return typeof value === 'number' ? value : undefined;
    default:
      return value;
  }
}
