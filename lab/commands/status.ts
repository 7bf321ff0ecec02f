import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import type { ComponentStatus } from '../runtime/runtime.ts';
import type { Ui } from '../ui/ui.ts';
import { allReady } from './up.ts';

/** `status`: one line per component. Exit 0 whether it runs or not: the answer is the output. */
export function register(program: Command, context: LabContext): void {
  program
    .command('status')
    .description('show every component')
    .action(async () => {
      const runtime = await context.runtime();
      const components = await runtime.status();
      const { ui } = context;
      ui.result(
        { name: context.name, runtime: runtime.kind, ready: allReady(components), components },
        () => {
          ui.table([
            [
              'COMPONENT',
              'STATE',
              'READY',
              runtime.kind === 'docker' ? 'CONTAINER' : 'PID',
              'MEMORY',
              'DETAIL',
            ],
            ...components.map((one) => [
              one.id,
              paint(ui, one),
              one.ready ? 'yes' : 'no',
              one.handle ?? '-',
              one.residentBytes === undefined ? '-' : `${Math.round(one.residentBytes / 1024 / 1024)} MB`,
              one.detail ?? '',
            ]),
          ]);
          ui.line();
          ui.line(summary(context.name, components));
        },
      );
    });
}

function paint({ colors }: Ui, { state, ready }: ComponentStatus): string {
  if (state === 'running' && ready) return colors.green(state);
  if (state === 'crashed') return colors.red(state);
  return state === 'missing' ? colors.dim(state) : colors.yellow(state);
}

function summary(name: string, components: readonly ComponentStatus[]): string {
  if (components.every((one) => one.state === 'missing')) {
    return `The lab "${name}" is not running. Start it: npm run lab -- up`;
  }
  return notWell(components) ?? `The lab "${name}" is up.`;
}

/** What is not as it should be, and what repairs it; undefined when every component runs and is ready. */
export function notWell(components: readonly ComponentStatus[]): string | undefined {
  const troubled = components
    .filter((one) => one.state !== 'running' || !one.ready)
    .map(({ id, state }) => `${id} (${state === 'running' ? 'not ready' : state})`);
  return troubled.length === 0 ? undefined : `Not well: ${troubled.join(', ')}. Repair: npm run lab -- up`;
}
