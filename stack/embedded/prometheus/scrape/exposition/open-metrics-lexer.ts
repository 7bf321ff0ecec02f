import { code, Lexer, type LexerState, type Token } from './lexer.ts';

const keywords = { H: 'HELP', T: 'TYPE', U: 'UNIT' } as const;

/** Cuts OpenMetrics 1.0 text into tokens. One space stands where one is wanted, and nowhere else. */
export class OpenMetricsLexer extends Lexer {
  next(): Token {
    if (this.at >= this.text.length) return 'EOF';
    this.start = this.at;
    const char = this.current;
    switch (this.state) {
      case 'start':
        if (char === code.hash) return this.word('# ') ? this.#comment() : 'INVALID';
        if (char === code.openBrace) return this.take('labels', 'BOPEN');
        return this.name(true) ? this.become('value', 'MNAME') : 'INVALID';
      case 'comment':
        return this.#comment();
      case 'metadata name': {
        const isName = char === code.quote ? this.quoted({ nul: false, newline: true }) : this.name(true);
        return isName ? this.become('metadata text', 'MNAME') : 'INVALID';
      }
      case 'metadata text': {
        if (char !== code.space) return 'INVALID';
        const lineEnd = this.text.indexOf('\n', this.at);
        this.at = lineEnd === -1 ? this.text.length : lineEnd + 1;
        return lineEnd === -1 ? 'INVALID' : this.become('start', 'TEXT');
      }
      case 'labels':
        return this.#label(char, true, 'value', 'label value');
      case 'label value':
        if (char !== code.quote || !this.quoted({ nul: true, newline: false })) return 'INVALID';
        return this.become('labels', 'LVALUE');
      case 'value':
        if (char === code.openBrace) return this.take('labels', 'BOPEN');
        return this.#number('timestamp', 'VALUE');
      case 'timestamp':
        if (char === code.newline) return this.take('start', 'LINEBREAK');
        return this.#timestampOrExemplar();
      case 'exemplar':
        return this.#label(char, false, 'exemplar value', 'exemplar value');
      case 'exemplar value':
        if (char !== code.quote) return this.#number('exemplar timestamp', 'VALUE');
        if (!this.quoted({ nul: false, newline: false })) return 'INVALID';
        return this.become('exemplar', 'LVALUE');
      case 'exemplar timestamp':
        if (char === code.newline) return this.take('start', 'LINEBREAK');
        return this.#number('exemplar timestamp', 'TIMESTAMP');
    }
  }

  #comment(): Token {
    this.state = 'comment';
    if (this.current === 69) {
      if (!this.word('EOF')) return 'INVALID';
      this.word('\n');
      return this.become('start', 'EOFWORD');
    }
    const keyword = keywords[this.text[this.at] as keyof typeof keywords];
    if (keyword === undefined || !this.word(`${keyword} `)) return 'INVALID';
    return this.become('metadata name', keyword);
  }

  #label(char: number, newline: boolean, afterBrace: LexerState, afterEqual: LexerState): Token {
    if (char === code.quote) return this.quoted({ nul: false, newline }) ? 'QSTRING' : 'INVALID';
    if (char === code.closeBrace) return this.take(afterBrace, 'BCLOSE');
    if (char === code.equal) return this.take(afterEqual, 'EQUAL');
    if (char === code.comma) return this.take(this.state, 'COMMA');
    return this.name(false) ? 'LNAME' : 'INVALID';
  }

  /** One space and what follows it, up to the next one. */
  #number(state: LexerState, token: Token): Token {
    if (this.current !== code.space) return 'INVALID';
    const begin = ++this.at;
    while (!endsNumber(this.current)) this.at++;
    return this.at === begin ? 'INVALID' : this.become(state, token);
  }

  #timestampOrExemplar(): Token {
    const isExemplar = this.text.startsWith(' # ', this.at);
    if (!isExemplar) return this.#number('timestamp', 'TIMESTAMP');
    this.at += 3;
    return this.current === code.openBrace ? this.take('exemplar', 'COMMENT') : 'INVALID';
  }
}

function endsNumber(char: number): boolean {
  return char === code.newline || char === code.space || char === code.nul;
}
