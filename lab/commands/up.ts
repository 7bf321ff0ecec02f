import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { LabDisconnected } from '../errors.ts';
import type { ComponentStatus } from '../runtime/runtime.ts';
import { createProgressView } from '../ui/progress.ts';
import { labUrls } from '../urls.ts';
import { Workshop } from '../workshop.ts';

/** `up`: starts whatever of the lab is missing and waits until all is ready. */
export function register(program: Command, context: LabContext): void {
  program
    .command('up')
    .description('start the lab, or what is missing of it')
    .action(async () => {
      const began = Date.now();
      const runtime = await context.runtime();
      const timings: Record<string, number> = {};
      const view = await createProgressView(context.ui, `Starting the lab "${context.name}"`);
      try {
        const lab = await runtime.up({
          signal: context.signal,
          onProgress: (event) => {
            if (event.phase === 'ready') timings[event.component] = event.elapsedMs;
            view.onProgress(event);
          },
        });
        await view.close();
        const workshop = new Workshop(context, lab);
        await workshop.healLeftovers();
        await assertConnected(context, workshop);
        const urls = labUrls(lab);
        const elapsedMs = Date.now() - began;
        context.ui.result(
          { name: lab.name, runtime: lab.kind, pace: lab.pace.name, elapsedMs, readyAfterMs: timings, urls },
          () => {
            const { line, colors } = context.ui;
            line(
              `The lab "${lab.name}" is up (${lab.kind}, pace ${lab.pace.name}, ${(elapsedMs / 1000).toFixed(1)} s).`,
            );
            for (const id of ['gateway', 'grafana', 'prometheus', 'jaeger', 'inbox']) {
              line(`  ${id.padEnd(11)}${colors.cyan(urls.find((one) => one.component === id)?.url ?? '')}`);
            }
            line('All addresses and passwords: npm run lab -- urls    Stop: npm run lab -- down');
          },
        );
      } finally {
        await view.close();
      }
    });
}

/** Up means that what the exercises rely on works. What is broken on purpose may well keep it from that. */
async function assertConnected({ ui }: LabContext, workshop: Workshop): Promise<void> {
  const broken = await workshop.brokenConnections();
  const [first] = broken;
  if (first === undefined) return;
  const problems = broken.map(({ claim, problem }) => `${claim} (${problem})`).join('; ');
  if (!workshop.brokenOnPurpose()) throw new LabDisconnected(problems, first.component);
  ui.warn(`Does not hold while something is broken on purpose: ${problems}.`);
}

/** Whether every component runs and is ready. */
export function allReady(components: readonly ComponentStatus[]): boolean {
  return components.every((one) => one.state === 'running' && one.ready);
}
