import { stripVTControlCharacters } from 'node:util';
import { createColors } from 'picocolors';
import type { LabError } from '../errors.ts';

export interface UiOptions {
  /** One JSON document on stdout and nothing else there. */
  readonly json: boolean;
  /** Adds stacks to errors. */
  readonly verbose: boolean;
}

/** Where text goes; the process's own streams, or a test's. */
export interface UiStreams {
  readonly out: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  readonly err: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
}

/**
 * What people and machines read. Results go to stdout, progress and notes to stderr, so that `--json` output can be
 * piped while a person still sees what happens. Nothing else in the lab writes to the terminal.
 */
export interface Ui {
  readonly json: boolean;
  readonly verbose: boolean;
  /** A person is reading: stdout and stderr are terminals, and `--json` is off. */
  readonly interactive: boolean;
  readonly colors: ReturnType<typeof createColors>;
  /** A line of the result (stdout); nothing with `--json`. */
  line(text?: string): void;
  /** Clears the screen. Only where `interactive` is true. */
  clear(): void;
  /** A line of progress or a remark (stderr), also with `--json`. */
  note(text: string): void;
  /** Something that is not as it should be, and does not end the command (stderr). */
  warn(text: string): void;
  /** The result: `data` with `--json`, otherwise what `describe` writes with `line`. */
  result(data: unknown, describe: () => void): void;
  /** Columns aligned, first row the header. */
  table(rows: readonly (readonly string[])[]): void;
  /** The one line about an error, `LAB_CODE: message`; with `--verbose` its stack and causes. */
  failure(error: LabError): void;
}

/** Composes the terminal of one command. `NO_COLOR` and a stream that is no terminal turn colours off. */
export function createUi(
  options: UiOptions,
  streams: UiStreams = { out: process.stdout, err: process.stderr },
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Ui {
  const { out, err } = streams;
  const colored = out.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb' && !options.json;
  const colors = createColors(colored);
  const line = (text = ''): void => {
    if (!options.json) out.write(`${text}\n`);
  };
  return {
    json: options.json,
    verbose: options.verbose,
    interactive: out.isTTY === true && err.isTTY === true && !options.json && environment.TERM !== 'dumb',
    colors,
    line,
    clear: () => void out.write('\u001b[2J\u001b[H'),
    note: (text) => void err.write(`${text}\n`),
    warn: (text) => void err.write(`${colors.yellow('!')} ${text}\n`),
    result(data, describe) {
      if (options.json) out.write(`${JSON.stringify(data, null, 2)}\n`);
      else describe();
    },
    table(rows) {
      for (const row of alignColumns(rows)) line(row);
    },
    failure(error) {
      if (options.json) {
        out.write(`${JSON.stringify({ error: { code: error.code, message: error.message } }, null, 2)}\n`);
      }
      err.write(`${colors.red(error.code)}: ${error.message}\n`);
      if (!options.verbose) return;
      for (let cause: unknown = error; cause !== undefined; ) {
        err.write(`${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`);
        cause = cause instanceof Error ? cause.cause : undefined;
      }
    },
  };
}

function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries())
      widths[index] = Math.max(widths[index] ?? 0, stripVTControlCharacters(cell).length);
  return rows.map((row) =>
    row
      .map((cell, index) =>
        index === row.length - 1
          ? cell
          : cell + ' '.repeat((widths[index] ?? 0) - stripVTControlCharacters(cell).length),
      )
      .join('  ')
      .trimEnd(),
  );
}
