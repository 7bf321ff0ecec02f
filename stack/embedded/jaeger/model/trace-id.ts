/** Parses the 1 to 32 hex digits by which people and UIs name a trace; the message of a refusal is Jaeger's own. */
export function parseTraceId(text: string): string {
  if (text.length > 32) throw new Error(`TraceID cannot be longer than 32 hex characters: ${text}`);
  const parts = text.length > 16 ? [text.slice(0, text.length - 16), text.slice(-16)] : [text];
  for (const part of parts) {
    if (!/^[0-9a-fA-F]+$/.test(part)) {
      throw new Error(`strconv.ParseUint: parsing ${JSON.stringify(part)}: invalid syntax`);
    }
  }
  return text.toLowerCase().padStart(32, '0');
}

/** Jaeger prints a trace ID whose upper half is zero with 16 digits. */
export function shortTraceId(traceId: string): string {
  return traceId.startsWith('0000000000000000') ? traceId.slice(16) : traceId;
}

const hex32 = /^[0-9a-f]{32}$/;
const hex16 = /^[0-9a-f]{16}$/;

/** W3C trace context: 16 bytes, not all zero. */
export function isTraceId(text: string): boolean {
  return hex32.test(text) && text !== '00000000000000000000000000000000';
}

/** W3C trace context: 8 bytes, not all zero. */
export function isSpanId(text: string): boolean {
  return hex16.test(text) && text !== '0000000000000000';
}
