/** `line:column` of a UTF-16 offset; columns count UTF-8 bytes from 1, as Prometheus does. */
export function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const lastBreak = before.lastIndexOf('\n');
  const line = before.split('\n').length;
  return `${line}:${Buffer.byteLength(before.slice(lastBreak + 1)) + 1}`;
}

export function parseErrorMessage(text: string, offset: number, reason: string): string {
  return `${lineAndColumn(text, offset)}: parse error: ${reason}`;
}
