import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Argument, Command, Option } from 'commander';
import { createContext } from '../../lab/context.ts';
import { createProgram, type RegisterCommand } from '../../lab/program.ts';
import { page, table } from './markdown.ts';

/** The command line with every command of `lab/commands`. */
export async function everyCommand(root: string): Promise<Command> {
  const context = createContext(new AbortController().signal, {});
  const program = createProgram(context);
  const folder = join(root, 'lab/commands');
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
    const { register } = (await import(pathToFileURL(join(folder, file)).href)) as {
      register?: RegisterCommand;
    };
    register?.(program, context);
  }
  return program;
}

/** `lab/docs/commands.md`: every command with its arguments and options, as `--help` says them. */
export async function commandsPage(root: string): Promise<string> {
  const program = await everyCommand(root);
  const commands = visible(program);
  return page('Commands', 'the definitions in lab/commands', [
    'Each is `npm run lab -- <command>`. What they are for, in a table: [manual](manual.md#commands). Without a command there is a menu, or without a terminal `ci 01-high-latency`.',
    '## Options of all commands',
    options(program.createHelp().visibleOptions(program)),
    ...commands.map((command) => section(command)),
  ]);
}

function visible(command: Command): readonly Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .toSorted((a, b) => (a.name() < b.name() ? -1 : 1));
}

/** A command and what stands below it. */
function section(command: Command, above = ''): string {
  const name = `${above}${command.name()}`;
  const help = command.createHelp();
  const own = help.visibleOptions(command).filter((option) => option.long !== '--help');
  const described = help.visibleArguments(command);
  const usage = [name, ...described.map(usageOf), ...(own.length > 0 ? ['[options]'] : [])].join(' ');
  return [
    `${above === '' ? '##' : '###'} ${name}`,
    `\`npm run lab -- ${usage}\`: ${command.description()}.`,
    ...(described.length > 0
      ? [
          table(
            ['Argument', ''],
            described.map((one) => [`\`${usageOf(one)}\``, help.argumentDescription(one)]),
          ),
        ]
      : []),
    ...(own.length > 0 ? [options(own)] : []),
    ...visible(command).map((below) => section(below, `${name} `)),
  ].join('\n\n');
}

function usageOf(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function options(list: readonly Option[]): string {
  return table(
    ['Option', ''],
    list.map((option) => [
      `\`${option.flags}\``,
      [
        option.description,
        ...(option.argChoices === undefined ? [] : [`one of ${option.argChoices.join(', ')}`]),
        ...(option.defaultValue === undefined ? [] : [`default: ${option.defaultValue}`]),
        ...(option.envVar === undefined ? [] : [`or \`${option.envVar}\``]),
      ].join('; '),
    ]),
  );
}
