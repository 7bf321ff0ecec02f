import { Command, CommanderError, Option } from 'commander';
import type { PaceName } from '../stack/pace.ts';
import type { LabContext, MutableContext } from './context.ts';
import { DiskFull, InternalError, LabError, OpenFilesExhausted, UsageError } from './errors.ts';
import type { RuntimeChoice } from './runtime/select-runtime.ts';

/** What a command file exports. */
export type RegisterCommand = (program: Command, context: LabContext) => void;

interface ParsedOptions {
  json?: boolean;
  verbose?: boolean;
  runtime: RuntimeChoice;
  pace?: PaceName;
  native?: boolean;
}

/** The command line without its commands: global options, and errors thrown instead of printed. */
export function createProgram(context: MutableContext): Command {
  const program = new Command('lab')
    .description(
      'Break & Observe: break a running system on purpose, and see the break in metrics, logs, traces and alerts.',
    )
    .usage('[options] [command]')
    .option('--json', 'print one JSON document for machines')
    .option('--verbose', 'add stacks to errors')
    .addOption(
      new Option('--runtime <runtime>', 'where components run')
        .choices(['auto', 'docker', 'embedded'])
        .default('auto')
        .env('LAB_RUNTIME'),
    )
    .addOption(
      new Option('--pace <pace>', "the lab's clock (default: lab)").choices(['lab', 'real']).env('LAB_PACE'),
    )
    .option('--native', 'use prometheus, alertmanager, loki and jaeger binaries from PATH')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError(true);
  const configure = (): void => {
    const options = program.opts<ParsedOptions>();
    context.configure({
      json: options.json ?? false,
      verbose: options.verbose ?? false,
      runtime: options.runtime,
      pace: options.pace,
      native: options.native ?? false,
    });
  };
  // As early as they are seen, so that an error later on the same line is already printed the way that was asked for.
  for (const name of ['json', 'verbose']) program.on(`option:${name}`, configure);
  program.hook('preAction', configure);
  return program;
}

/** What runs when no command was given: the menu for a person, exercise 01 unattended without a terminal. */
export function defaultArguments(program: Command, context: LabContext): string[] {
  const has = (name: string): boolean => program.commands.some((command) => command.name() === name);
  const interactive = context.ui.interactive && process.stdin.isTTY === true;
  if (interactive && has('menu')) return ['menu'];
  if (!interactive && has('ci')) {
    context.ui.note(
      'No terminal here, so no menu: running "ci 01-high-latency". Other commands: npm run lab -- --help',
    );
    return ['ci', '01-high-latency'];
  }
  return ['--help'];
}

/** Any thrown value as an error of the catalogue; `undefined` when it is not an error (help was asked for). */
export function asLabError(error: unknown): LabError | undefined {
  if (error instanceof LabError) return error;
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return undefined;
    return describeUsage(error);
  }
  const message = error instanceof Error ? error.message : String(error);
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EMFILE' || code === 'ENFILE') return new OpenFilesExhausted({ cause: error });
  if (code === 'ENOSPC' || code === 'EDQUOT') return new DiskFull(message, { cause: error });
  return new InternalError(message.replace(/\s+/g, ' ').trim().replace(/\.$/, ''), { cause: error });
}

function describeUsage(error: CommanderError): LabError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = rest.join(' ').trim();
  const problem = `${first.charAt(0).toUpperCase()}${first.slice(1).replace(/\.$/, '')}.`;
  const remedy = suggestion === '' ? 'See npm run lab -- --help' : suggestion.replace(/^\(|\)$/g, '');
  return new UsageError(problem, remedy);
}
