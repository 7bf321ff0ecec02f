/** A query that cannot be parsed; the message is worded as Loki words it, and answers with status 400. */
export class LogqlParseError extends Error {
  override readonly name = 'LogqlParseError';
  readonly line: number;
  readonly column: number;

  constructor(reason: string, line = 0, column = 0) {
    super(
      line === 0 && column === 0
        ? `parse error : ${reason}`
        : `parse error at line ${line}, col ${column}: ${reason}`,
    );
    this.line = line;
    this.column = column;
  }
}
