import { join, resolve } from 'node:path';
import { Argument, type Command } from 'commander';
import { topology } from '../../stack/topology.ts';
import type { LabContext } from '../context.ts';
import { projectRoot } from '../root.ts';

/** `export compose`: the lab as a compose file, for people who prefer it. */
export function register(program: Command, context: LabContext): void {
  program
    .command('export')
    .description('write the lab as a compose file, with its config and the build context of the services')
    .addArgument(new Argument('<format>', 'what to write').choices(['compose']))
    .option('--output <folder>', 'where to write it (default: .lab/<name>/compose)')
    .action(async (_format: string, options: { output?: string }) => {
      const { exportCompose } = await import('../runtime/docker/export-compose.ts');
      const file = exportCompose(topology, {
        root: projectRoot,
        lab: context.name,
        pace: context.options.pace ?? 'lab',
        environment: context.environment,
        directory: resolve(options.output ?? join(context.paths.directory, 'compose')),
      });
      context.ui.result({ file }, () => {
        context.ui.line(`Written: ${file}`);
        context.ui.line(`Start it: docker compose --file ${file} up --build --wait`);
      });
    });
}
