/**
 * Every error a person can meet, with its stable code. One line each: the offending value, the rule, the remedy.
 * `exitCode`: 1 a check or exercise failed, 2 wrong usage, environment or measurement, 3 a fault could not be reverted.
 */
export class LabError extends Error {
  readonly code: `LAB_${string}`;
  readonly exitCode: number;

  constructor(code: `LAB_${string}`, message: string, options: { exitCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LabError';
    this.code = code;
    this.exitCode = options.exitCode ?? 2;
  }
}

type ErrorClass<Arguments extends unknown[]> = new (
  ...parts: [...Arguments, options?: { cause?: unknown }]
) => LabError;

/** Every code of the catalogue, in order of definition; a test compares it with the documentation. */
export const errorCodes: string[] = [];

/** Declares one error of the catalogue: its code, the sentence made of its arguments, its exit code. */
function defineError<Arguments extends unknown[]>(
  code: `LAB_${string}`,
  describe: (...parts: Arguments) => string,
  exitCode = 2,
): ErrorClass<Arguments> {
  errorCodes.push(code);
  return class extends LabError {
    constructor(...parts: [...Arguments, options?: { cause?: unknown }]) {
      const arity = describe.length;
      const options = parts.length > arity ? (parts[arity] as { cause?: unknown } | undefined) : undefined;
      super(code, describe(...(parts.slice(0, arity) as Arguments)), { exitCode, cause: options?.cause });
    }
  };
}

export const UsageError = defineError(
  'LAB_USAGE',
  (problem: string, remedy: string) => `${problem} ${remedy}`,
);
