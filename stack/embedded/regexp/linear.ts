/** Tokens that mean the same in RE2 and in JavaScript; anything else is left to the automaton. */
const token =
  /^(?:\\[.+*?()|[\]{}^$/\\-]|\\[dw]|\[\^?(?:[A-Za-z0-9_ ./:@,;=%&#"'-]|\\[\]\\.dw-])+\]|\.|[()|]|\(\?:|[*+?]|[^\\[\](){}.*+?^$|\ud800-\udfff])/;

/**
 * V8's RegExp for a pattern that cannot make it backtrack beyond linear time: one unbounded repetition at most, of a
 * single character or class, none of it in a group, few optional parts. Undefined for all other patterns.
 */
export function toLinearRegExp(pattern: string, anchored: boolean): RegExp | undefined {
  let rest = pattern;
  let unbounded = 0;
  let optional = 0;
  let depth = 0;
  let previous = '';
  while (rest !== '') {
    if (rest.startsWith('(?:')) {
      depth++;
      previous = '(';
      rest = rest.slice(3);
      continue;
    }
    const text = token.exec(rest)?.[0];
    if (text === undefined || rest.startsWith('(?')) return undefined;
    if (text === '(') depth++;
    else if (text === ')') depth--;
    else if (text === '*' || text === '+') {
      if (depth > 0 || previous === ')' || isOperator(previous)) return undefined;
      unbounded++;
    } else if (text === '?') {
      if (isOperator(previous)) return undefined;
      optional++;
    }
    previous = text;
    rest = rest.slice(text.length);
  }
  // Searching retries at every position, so even one repetition could cost the square of the length.
  if (unbounded > (anchored ? 1 : 0) || optional > 3) return undefined;
  try {
    // In runes, as RE2 counts: the dot takes a whole emoji.
    return anchored ? new RegExp(`^(?:${pattern})$`, 'su') : new RegExp(pattern, 'u');
  } catch {
    // Such as `\\-`, which RE2 takes and JavaScript does not.
    return undefined;
  }
}

function isOperator(text: string): boolean {
  return text === '' || text === '*' || text === '+' || text === '?' || text === '(' || text === '|';
}
