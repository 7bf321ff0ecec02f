/** One command of a `.test` file, see /conformance/promql/FORMAT.md. Lines count from 1. */
export type Command =
  | { readonly kind: 'clear'; readonly line: number }
  | {
      readonly kind: 'load';
      readonly line: number;
      readonly stepMs: number;
      readonly body: readonly Line[];
      readonly nhcb: boolean;
    }
  | EvalCommand;

export interface Line {
  readonly text: string;
  readonly number: number;
}

export interface EvalCommand {
  readonly kind: 'eval';
  readonly line: number;
  readonly expr: string;
  readonly at:
    | { readonly timeMs: number }
    | { readonly startMs: number; readonly endMs: number; readonly stepMs: number };
  readonly expectations: Expectations;
  /** The lines of expected series, or one line with a number. */
  readonly body: readonly Line[];
}

export interface Expectations {
  fail: { readonly message?: string; readonly regex?: string } | undefined;
  ordered: boolean;
  readonly warn: Pattern[];
  readonly info: Pattern[];
  noWarn: boolean;
  noInfo: boolean;
  rangeVector: { readonly startMs: number; readonly endMs: number; readonly stepMs: number } | undefined;
  text: string | undefined;
}

export interface Pattern {
  readonly message?: string;
  readonly regex?: string;
}

const instant = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)$/i;
const range = /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)$/i;
const load = /^load(_with_nhcb)?\s+(\S+)$/i;
const rangeVector = /^range vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)$/;

/** @throws Error when the text is no test file. */
export function parseTestFile(text: string): Command[] {
  const lines = text.split('\n').map((line, index) => {
    const trimmed = line.trim();
    return { text: trimmed.startsWith('#') ? '' : trimmed, number: index + 1 };
  });
  const commands: Command[] = [];
  let next = 0;
  const takeBody = (): Line[] => {
    const body: Line[] = [];
    while (next < lines.length && lines[next]!.text !== '') body.push(lines[next++]!);
    return body;
  };
  while (next < lines.length) {
    const { text: command, number } = lines[next++]!;
    if (command === '') continue;
    const word = command.split(/\s/, 1)[0]!.toLowerCase();
    if (word === 'clear') commands.push({ kind: 'clear', line: number });
    else if (word.startsWith('load')) {
      const match = load.exec(command);
      if (match === null) throw new Error(`line ${number}: invalid load command`);
      commands.push({
        kind: 'load',
        line: number,
        stepMs: duration(match[2]!),
        body: takeBody(),
        nhcb: match[1] !== undefined,
      });
    } else if (word.startsWith('eval')) commands.push(parseEval(command, number, takeEvalBody()));
    else throw new Error(`line ${number}: invalid command "${command}"`);
  }
  return commands;

  function takeEvalBody(): Line[] {
    const body: Line[] = [];
    while (next < lines.length && lines[next]!.text !== '') {
      const line = lines[next++]!;
      body.push(line);
      if (isNumber(line.text) || line.text.startsWith('expected_fail_')) break;
    }
    return body;
  }
}

export function isNumber(text: string): boolean {
  return /^[+-]?(?:inf|nan|0x[0-9a-f]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i.test(text);
}

function parseEval(command: string, line: number, lines: readonly Line[]): EvalCommand {
  const asRange = range.exec(command);
  const asInstant = asRange === null ? instant.exec(command) : null;
  const match = asRange ?? asInstant;
  if (match === null) throw new Error(`line ${line}: invalid eval command "${command}"`);
  const expectations: Expectations = {
    fail: undefined,
    ordered: false,
    warn: [],
    info: [],
    noWarn: false,
    noInfo: false,
    rangeVector: undefined,
    text: undefined,
  };
  const variant = match[1]?.toLowerCase();
  if (variant === 'fail') expectations.fail = {};
  if (variant === 'ordered') expectations.ordered = true;
  if (variant === 'warn') expectations.warn.push({});
  if (variant === 'info') expectations.info.push({});
  const body: Line[] = [];
  for (const each of lines) {
    if (each.text.startsWith('expect ') || each.text.startsWith('expected_fail_'))
      expectation(each, expectations);
    else body.push(each);
  }
  const at =
    asRange !== null
      ? { startMs: duration(asRange[2]!), endMs: duration(asRange[3]!), stepMs: duration(asRange[4]!) }
      : { timeMs: match[2] === undefined ? 0 : duration(match[2]) };
  return { kind: 'eval', line, expr: match.at(-1)!, at, expectations, body };
}

function expectation({ text, number }: Line, into: Expectations): void {
  const old = /^expected_fail_(message|regexp)\s+(.+)$/.exec(text);
  if (old !== null) {
    into.fail = old[1] === 'message' ? { message: old[2]! } : { regex: old[2]! };
    return;
  }
  const rest = text.slice('expect '.length).trim();
  const [kind = ''] = rest.split(/\s/, 1);
  const argument = rest.slice(kind.length).trim();
  const pattern = (): Pattern => {
    if (argument.startsWith('msg:')) return { message: argument.slice(4).trim() };
    if (argument.startsWith('regex:')) return { regex: argument.slice(6).trim() };
    if (argument !== '') throw new Error(`line ${number}: invalid expectation "${text}"`);
    return {};
  };
  const vector = rangeVector.exec(rest);
  if (vector !== null) {
    into.rangeVector = {
      startMs: duration(vector[1]!),
      endMs: duration(vector[2]!),
      stepMs: duration(vector[3]!),
    };
    return;
  }
  switch (kind) {
    case 'fail':
      into.fail = pattern();
      return;
    case 'ordered':
      into.ordered = true;
      return;
    case 'warn':
      into.warn.push(pattern());
      return;
    case 'info':
      into.info.push(pattern());
      return;
    case 'no_warn':
      into.noWarn = true;
      return;
    case 'no_info':
      into.noInfo = true;
      return;
    case 'string':
      into.text = argument;
      return;
    default:
      throw new Error(`line ${number}: invalid expectation "${text}"`);
  }
}

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/** `1h30m`, `-5m`, or seconds, in milliseconds. */
export function duration(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const bare = text.replace(/^[+-]/, '');
  if (/^[\d.]+$/.test(bare)) return sign * Number(bare) * 1000;
  if (!/^(?:\d+(?:ms|[smhdwy]))+$/.test(bare)) throw new Error(`invalid duration "${text}"`);
  let total = 0;
  for (const [, digits, unit] of bare.matchAll(/(\d+)(ms|[smhdwy])/g))
    total += Number(digits) * units[unit!]!;
  return sign * total;
}
