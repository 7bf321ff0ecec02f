import { code, isDigit, Lexer, type Token } from './lexer.ts';

/** Cuts the text format, version 0.0.4, into tokens; blanks between them are skipped. */
export class TextLexer extends Lexer {
  next(): Token {
    while (true) {
      if (this.at >= this.text.length) return 'EOF';
      this.start = this.at;
      const token = this.#token();
      if (token !== 'BLANKS') return token;
    }
  }

  #token(): Token | 'BLANKS' {
    const char = this.current;
    const isBlank = char === code.space || char === code.tab;
    if (isBlank && this.state !== 'metadata text') return this.#blanks();
    switch (this.state) {
      case 'start':
        if (char === code.nul) return 'EOF';
        if (char === code.newline) return this.take('start', 'LINEBREAK');
        if (char === code.hash) return this.#comment();
        if (char === code.openBrace) return this.take('labels', 'BOPEN');
        return this.name(true) ? this.become('value', 'MNAME') : 'INVALID';
      case 'metadata name': {
        const isName = char === code.quote ? this.quoted({ nul: false, newline: true }) : this.name(true);
        return isName ? this.become('metadata text', 'MNAME') : 'INVALID';
      }
      case 'metadata text':
        return this.#rest();
      case 'labels':
        if (char === code.quote) return this.quoted({ nul: false, newline: true }) ? 'QSTRING' : 'INVALID';
        if (char === code.closeBrace) return this.take('value', 'BCLOSE');
        if (char === code.equal) return this.take('label value', 'EQUAL');
        if (char === code.comma) return this.take('labels', 'COMMA');
        return this.name(false) ? 'LNAME' : 'INVALID';
      case 'label value':
        if (char !== code.quote || !this.quoted({ nul: true, newline: true })) return 'INVALID';
        return this.become('labels', 'LVALUE');
      case 'value': {
        if (char === code.openBrace) return this.take('labels', 'BOPEN');
        while (!endsValue(this.current)) this.at++;
        return this.at === this.start ? 'INVALID' : this.become('timestamp', 'VALUE');
      }
      default:
        if (char === code.newline) return this.take('start', 'LINEBREAK');
        while (isDigit(this.current)) this.at++;
        return this.at === this.start ? 'INVALID' : 'TIMESTAMP';
    }
  }

  #blanks(): 'BLANKS' {
    while (this.current === code.space || this.current === code.tab) this.at++;
    return 'BLANKS';
  }

  /** A line that begins with `#`: HELP, TYPE, or anything. */
  #comment(): Token {
    this.at++;
    if (this.#blanks() && this.at > this.start + 1) {
      const begin = this.at;
      for (const keyword of ['HELP', 'TYPE'] as const) {
        this.at = begin;
        if (!this.word(keyword)) continue;
        const end = this.at;
        this.#blanks();
        if (this.at > end) return this.become('metadata name', keyword);
      }
    }
    const isBare = this.at === this.start + 1;
    this.#toLineEnd();
    // Behind a bare `#`, a NUL ends the page, as in Prometheus.
    const isCut = isBare && this.token.includes('\0');
    return this.become('start', isCut || this.at === this.text.length ? 'EOF' : 'COMMENT');
  }

  /** The rest of the line; blanks alone are none. */
  #rest(): Token | 'BLANKS' {
    if (this.current !== code.nul) this.#toLineEnd();
    if (this.at > this.start && /^[ \t]+$/.test(this.token)) return 'BLANKS';
    return this.become('start', 'TEXT');
  }

  #toLineEnd(): void {
    const lineEnd = this.text.indexOf('\n', this.at);
    this.at = lineEnd === -1 ? this.text.length : lineEnd;
  }
}

function endsValue(char: number): boolean {
  return (
    char === code.newline ||
    char === code.space ||
    char === code.tab ||
    char === code.openBrace ||
    char === code.nul
  );
}
