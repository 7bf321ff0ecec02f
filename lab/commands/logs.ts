import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { topology } from '../../stack/topology.ts';
import type { LabContext } from '../context.ts';
import { ComponentUnknown, LabNotRunning, UsageError } from '../errors.ts';
import { readLog } from '../runtime/embedded/read-log.ts';
import { logFileOf } from '../state/paths.ts';

/** `logs <component>`: what it wrote to its output; also after it ended. */
export function register(program: Command, context: LabContext): void {
  program
    .command('logs')
    .description('show what a component wrote')
    .argument('<component>', 'its name, see status')
    .option('-f, --follow', 'go on until Ctrl-C')
    .option('-n, --tail <lines>', 'how many lines from the end', '100')
    .action(async (id: string, options: { follow?: boolean; tail: string }) => {
      if (!topology.some((one) => one.id === id)) {
        throw new ComponentUnknown(id, topology.map((one) => one.id).join(', '));
      }
      if (!/^\d{1,6}$/.test(options.tail)) {
        throw new UsageError(
          `--tail ${options.tail} is not a number of lines.`,
          'Give a whole number, such as --tail 100.',
        );
      }
      const wanted = {
        follow: options.follow ?? false,
        tailLines: Number(options.tail),
        signal: context.signal,
      };
      const lab = await (await context.runtime()).attach();
      // Of a lab that did not start, or has stopped, the files remain.
      const file = logFileOf(context.paths, id);
      if (lab === undefined && !existsSync(file)) throw new LabNotRunning(context.name);
      const lines = lab?.logs(id, wanted) ?? readLog(file, { ...wanted, follow: false });
      if (!context.ui.json) {
        for await (const line of lines) context.ui.line(line);
        return;
      }
      const collected: string[] = [];
      for await (const line of lines) collected.push(line);
      context.ui.result({ component: id, lines: collected }, () => {});
    });
}
