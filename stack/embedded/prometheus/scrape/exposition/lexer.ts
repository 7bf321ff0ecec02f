/** What the two text formats are made of, by the names that Prometheus's errors give them. */
export type Token =
  | 'INVALID'
  | 'EOF'
  | 'LINEBREAK'
  | 'HELP'
  | 'TYPE'
  | 'UNIT'
  | 'EOFWORD'
  | 'TEXT'
  | 'COMMENT'
  | 'MNAME'
  | 'QSTRING'
  | 'BOPEN'
  | 'BCLOSE'
  | 'LNAME'
  | 'LVALUE'
  | 'COMMA'
  | 'EQUAL'
  | 'TIMESTAMP'
  | 'VALUE';

/** Where in an entry the lexer is: what a token may be depends on it. */
export type LexerState =
  | 'start'
  | 'comment'
  | 'metadata name'
  | 'metadata text'
  | 'labels'
  | 'label value'
  | 'value'
  | 'timestamp'
  | 'exemplar'
  | 'exemplar value'
  | 'exemplar timestamp';

export const code = {
  nul: 0,
  tab: 9,
  newline: 10,
  space: 32,
  quote: 34,
  hash: 35,
  comma: 44,
  equal: 61,
  backslash: 92,
  openBrace: 123,
  closeBrace: 125,
} as const;

/**
 * The part that the lexers of the two formats share. A token that does not fit is `INVALID`, and `at` then stands where
 * Prometheus's own lexer stands, so that errors show the same piece of the text.
 *
 * Source: prometheus/model/textparse, promlex.l and openmetricslex.l, whose generated code does not step back.
 */
export abstract class Lexer {
  readonly text: string;
  /** Where the last token begins. */
  start = 0;
  /** Where it ends. */
  at = 0;
  protected state: LexerState = 'start';

  constructor(text: string) {
    this.text = text;
  }

  abstract next(): Token;

  /** The text of the last token. */
  get token(): string {
    return this.text.slice(this.start, this.at);
  }

  /** The character that comes next; 0 at the end. */
  protected get current(): number {
    return this.at < this.text.length ? this.text.charCodeAt(this.at) : 0;
  }

  protected become(state: LexerState, token: Token): Token {
    this.state = state;
    return token;
  }

  /** Takes one character. */
  protected take(state: LexerState, token: Token): Token {
    this.at++;
    return this.become(state, token);
  }

  /** A name of letters, digits, underscores and, for metrics, colons; false when none begins here. */
  protected name(colons: boolean): boolean {
    if (!isNameStart(this.current, colons)) return false;
    do this.at++;
    while (isNameStart(this.current, colons) || isDigit(this.current));
    return true;
  }

  /** As much of `word` as is there; true when all of it is. */
  protected word(word: string): boolean {
    for (let index = 0; index < word.length; index++) {
      if (this.current !== word.charCodeAt(index)) return false;
      this.at++;
    }
    return true;
  }

  /** A text in quotes; false when it does not end. By hand: a regular expression over megabytes overflows its stack. */
  protected quoted(options: { nul: boolean; newline: boolean }): boolean {
    const { text } = this;
    for (this.at++; this.at < text.length; this.at++) {
      const char = text.charCodeAt(this.at);
      if (char === code.quote) {
        this.at++;
        return true;
      }
      if (char === code.backslash) {
        const escaped = text.charCodeAt(++this.at);
        if (escaped === code.newline || escaped === code.nul) return false;
      } else if (char === code.nul ? !options.nul : char === code.newline && !options.newline) return false;
    }
    this.at = text.length;
    return false;
  }
}

export function isDigit(char: number): boolean {
  return char >= 48 && char <= 57;
}

function isNameStart(char: number, colons: boolean): boolean {
  return (char >= 97 && char <= 122) || (char >= 65 && char <= 90) || char === 95 || (colons && char === 58);
}
