/** A key or an index on the way to a value. */
export type PathStep = string | number;

interface PathToken {
  readonly kind: 'DOT' | 'LSB' | 'RSB' | 'STRING' | 'FIELD' | 'INDEX' | 'KEY' | '$end';
  readonly value: PathStep;
}

/** Splits the text into tokens; the lexer's own complaint ends them, and the parser's comes before it. */
function tokensOf(
  expression: string,
  indices: boolean,
): { tokens: PathToken[]; problem: string | undefined } {
  const tokens: PathToken[] = [];
  let at = 0;
  let problem: string | undefined;
  while (at < expression.length && problem === undefined) {
    const character = expression[at]!;
    const rest = expression.slice(at);
    const word = /^[A-Za-z_]\w*/.exec(rest)?.[0];
    if (/[ \t\n]/.test(character)) at++;
    else if (word !== undefined) {
      tokens.push({ kind: indices ? 'FIELD' : 'KEY', value: word });
      at += word.length;
    } else if (character === '"') {
      // A bracket ends a string as well.
      const text = /^"([^"\]]*)["\]]?/.exec(rest)!;
      tokens.push({ kind: 'STRING', value: text[1]! });
      at += text[0].length;
    } else if (indices && /\d/.test(character)) {
      const digits = /^\d+/.exec(rest)![0];
      const next = rest[digits.length];
      if (next === '.') problem = 'cannot use float as array index';
      else if (next === undefined || !/[\s\]]/.test(next)) problem = `non-integer value: ${next ?? '\0'}`;
      else tokens.push({ kind: 'INDEX', value: Number(digits) });
      at += digits.length;
    } else if (indices && '[].'.includes(character)) {
      tokens.push({
        kind: ({ '[': 'LSB', ']': 'RSB', '.': 'DOT' } as const)[character as '['],
        value: character,
      });
      at++;
    } else problem = `unexpected char ${String.fromCodePoint(rest.codePointAt(0)!)}`;
  }
  tokens.push({ kind: '$end', value: '' });
  return { tokens, problem };
}

/** Splits `user.id`, `a["b c"][0]` into its steps. Throws in Loki's words when it is no path. */
export function parseJsonPath(expression: string): PathStep[] {
  const { tokens, problem } = tokensOf(expression, true);
  const steps: PathStep[] = [];
  let at = 0;
  const expect = (...kinds: PathToken['kind'][]): PathToken => {
    const token = tokens[at]!;
    if (!kinds.includes(token.kind)) throw refusal(expression, token, kinds);
    at++;
    return token;
  };
  while (steps.length === 0 || tokens[at]!.kind !== '$end') {
    const token = expect(...(steps.length === 0 ? (['LSB', 'FIELD'] as const) : (['DOT', 'LSB'] as const)));
    if (token.kind === 'LSB') {
      steps.push(expect('STRING', 'INDEX').value);
      expect('RSB');
    } else steps.push(token.kind === 'DOT' ? expect('FIELD').value : token.value);
  }
  if (problem !== undefined) throw new Error(`cannot parse expression [${expression}]: ${problem}`);
  return steps;
}

/** The key that `logfmt label="key"` names. Throws in Loki's words when it is none. */
export function parseLogfmtKey(expression: string): string {
  const { tokens, problem } = tokensOf(expression, false);
  const [first, ...rest] = tokens as [PathToken, ...PathToken[]];
  if (first.kind === '$end') throw refusal(expression, first, ['STRING', 'KEY']);
  const odd = rest.find(({ kind }) => kind !== 'STRING' && kind !== '$end');
  if (odd !== undefined) throw refusal(expression, odd, ['STRING']);
  if (problem !== undefined) throw new Error(`cannot parse expression [${expression}]: ${problem}`);
  return String(first.value);
}

function refusal(expression: string, token: PathToken, expected: readonly string[]): Error {
  return new Error(
    `cannot parse expression [${expression}]: syntax error: unexpected ${token.kind}, expecting ${expected.join(' or ')}`,
  );
}
