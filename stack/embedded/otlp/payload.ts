/** A body that is no OTLP: answered with 400 and this message. */
export class InvalidPayload extends Error {
  override readonly name = 'InvalidPayload';
}

/** OTLP sets no limit to nesting; a value deeper than this is an attack on the stack, not telemetry. */
export const maximumValueDepth = 45;
