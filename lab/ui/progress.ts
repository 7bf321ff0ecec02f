import type { ProgressEvent } from '../runtime/runtime.ts';
import type { Ui } from './ui.ts';

/** Shows components on their way. `close` must be called whatever happens, so that the terminal is left as it was. */
export interface ProgressView {
  readonly onProgress: (event: ProgressEvent) => void;
  close(): Promise<void>;
}

const settled = new Set<ProgressEvent['phase']>(['ready', 'failed', 'stopped']);

/** A live list on a terminal, plain lines elsewhere; with `--json` only what fails. */
export async function createProgressView(ui: Ui, title: string): Promise<ProgressView> {
  if (!ui.interactive) return plainView(ui);
  return liveView(title);
}

function plainView(ui: Ui): ProgressView {
  return {
    onProgress: ({ component, phase, elapsedMs }) => {
      // Why one failed is the command's last line.
      if (!ui.json && settled.has(phase)) ui.note(`${component} ${phase} (${elapsedMs} ms)`);
    },
    close: async () => {},
  };
}

async function liveView(title: string): Promise<ProgressView> {
  const { Listr } = await import('listr2');
  const tasks = new Map<string, { settle: (error?: Error) => void; show: (text: string) => void }>();
  const list = new Listr([], {
    concurrent: true,
    exitOnError: false,
    collectErrors: false,
    registerSignalListeners: false,
    rendererOptions: { collapseErrors: false, showErrorMessage: false },
  });
  const begin = (component: string): { settle: (error?: Error) => void; show: (text: string) => void } => {
    let settle: (error?: Error) => void = () => {};
    let show: (text: string) => void = () => {};
    const finished = new Promise<void>((resolve, reject) => {
      settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    // Renderers learn of it when the list runs; until then nobody waits for the promise.
    finished.catch(() => {});
    list.add({
      title: component,
      task: (_, task) => {
        show = (text) => {
          task.title = `${component} ${text}`;
        };
        return finished;
      },
    });
    return { settle: (error) => settle(error), show: (text) => show(text) };
  };
  let run: Promise<unknown> | undefined;
  return {
    onProgress({ component, phase, elapsedMs }) {
      let task = tasks.get(component);
      if (task === undefined) {
        task = begin(component);
        tasks.set(component, task);
        // All components are announced in one go, before anything else happens.
        run ??= Promise.resolve().then(() => {
          process.stderr.write(`${title}\n`);
          return list.run();
        });
      }
      if (phase === 'waiting') return;
      task.show(settled.has(phase) ? `${phase} (${elapsedMs} ms)` : phase);
      if (phase === 'failed') task.settle(new Error('failed'));
      else if (settled.has(phase)) task.settle();
    },
    async close() {
      for (const { settle } of tasks.values()) settle();
      await run;
    },
  };
}
