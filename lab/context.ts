import type { PaceName } from '../stack/pace.ts';
import { LabNotRunning } from './errors.ts';
import { projectRoot } from './root.ts';
import type { RunningLab, Runtime } from './runtime/runtime.ts';
import { createRuntime, type RuntimeChoice } from './runtime/select-runtime.ts';
import { labNameFrom } from './state/lab-name.ts';
import { type LabPaths, labPaths } from './state/paths.ts';
import { createUi, type Ui } from './ui/ui.ts';

/** The options every command takes. `undefined`: not given, so a running lab keeps what it was started with. */
export interface GlobalOptions {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly runtime: RuntimeChoice;
  readonly pace: PaceName | undefined;
  /** Real Prometheus, Alertmanager, Loki and Jaeger binaries where PATH has them (embedded runtime). */
  readonly native: boolean;
}

/** What a command works with. Valid from the moment its action runs: options come from argv. */
export interface LabContext {
  readonly options: GlobalOptions;
  readonly ui: Ui;
  readonly name: string;
  readonly paths: LabPaths;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted by the first SIGINT or SIGTERM. The command cleans up and the process exits with 130. */
  readonly signal: AbortSignal;
  /** The runtime that was asked for, or the one the lab already runs on. Nothing is started. */
  runtime(): Promise<Runtime>;
  /** The running lab; `LAB_NOT_RUNNING` when there is none. */
  running(): Promise<RunningLab>;
  /** The exit code when the command returns without an error: 0 unless a check or an exercise failed (1, 3). */
  exitWith(code: number): void;
}

/** The context and its two inner handles, which only `main.ts` uses. */
export interface MutableContext extends LabContext {
  configure(options: GlobalOptions): void;
  readonly exitCode: number;
}

/** Builds the context of this process. Options are the defaults until `configure` is called. */
export function createContext(
  signal: AbortSignal,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): MutableContext {
  let options: GlobalOptions = {
    json: false,
    verbose: false,
    runtime: 'auto',
    pace: undefined,
    native: false,
  };
  let ui = createUi(options);
  let runtime: Promise<Runtime> | undefined;
  let exitCode = 0;
  const context: MutableContext = {
    get options() {
      return options;
    },
    get ui() {
      return ui;
    },
    get name() {
      return labNameFrom(environment);
    },
    get paths() {
      return labPaths(projectRoot, labNameFrom(environment));
    },
    get exitCode() {
      return exitCode;
    },
    environment,
    signal,
    configure(next) {
      options = next;
      ui = createUi(options);
    },
    runtime() {
      runtime ??= createRuntime({
        choice: options.runtime,
        name: context.name,
        paths: context.paths,
        root: projectRoot,
        pace: options.pace,
        native: options.native,
        environment,
        note: (text) => ui.note(text),
      });
      return runtime;
    },
    async running() {
      const lab = await (await context.runtime()).attach();
      if (lab === undefined) throw new LabNotRunning(context.name);
      return lab;
    },
    exitWith(code) {
      exitCode = code;
    },
  };
  return context;
}
