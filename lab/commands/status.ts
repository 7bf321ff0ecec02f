import type { Command } from 'commander';
import type { LabContext } from '../context.ts';

/** `status`: one line per component. Exit 0 whether it runs or not: the answer is the output. */
export function register(program: Command, context: LabContext): void {
  program
    .command('status')
    .description('show every component')
    .action(async () => {
      const components = await (await context.runtime()).status();
      context.ui.result({ components }, () =>
        context.ui.table([
          ['COMPONENT', 'STATE', 'READY', 'HANDLE'],
          ...components.map((one) => [one.id, one.state, one.ready ? 'yes' : 'no', one.handle ?? '-']),
        ]),
      );
    });
}
