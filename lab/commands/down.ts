import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { removeDeadLock } from '../state/lock.ts';
import { stopTraffic } from '../traffic/traffic.ts';
import { createProgressView } from '../ui/progress.ts';

/** `down`: stops every component and removes what the lab wrote. Works on any state, also a corrupt one. */
export function register(program: Command, context: LabContext): void {
  program
    .command('down')
    .description('stop the lab and remove its data')
    .option('--keep-data', 'keep notes, progress and logs in .lab/<name>')
    .action(async (options: { keepData?: boolean }) => {
      const keepData = options.keepData ?? false;
      const runtime = await context.runtime();
      const view = await createProgressView(context.ui, `Stopping the lab "${context.name}"`);
      try {
        // The traffic is not a component of the topology, and must not outlive the lab.
        await stopTraffic(context.paths.directory);
        // A command that was killed left it.
        removeDeadLock(context.paths.runLockFile);
        // Not cancelled by Ctrl-C: half a clean-up is the mess this command exists to prevent.
        await runtime.down({ keepData, onProgress: view.onProgress });
      } finally {
        await view.close();
      }
      context.ui.result({ name: context.name, down: true, keptData: keepData }, () =>
        context.ui.line(
          keepData
            ? `The lab "${context.name}" is down; its data is kept.`
            : `The lab "${context.name}" is down.`,
        ),
      );
    });
}
