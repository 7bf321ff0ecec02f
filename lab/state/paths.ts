import { join } from 'node:path';

/** Every place below `.lab/` that the lab writes to; nothing of it stands elsewhere. */
export interface LabPaths {
  /** `.lab`, shared by the labs of this clone. */
  readonly base: string;
  /** `.lab/.cache`: what may be deleted at any time and is made again when missing. */
  readonly cache: string;
  /** `.lab/<name>`. */
  readonly directory: string;
  readonly stateFile: string;
  readonly lockFile: string;
  /** Held while an exercise is begun, edited or run unattended: one command at a time changes what is broken. */
  readonly runLockFile: string;
  /** Mode 0600. */
  readonly credentialsFile: string;
  readonly config: string;
  readonly logs: string;
  /** One PID file per component. */
  readonly run: string;
  readonly data: string;
  /** Journal of injected faults. */
  readonly faultsFile: string;
  /** What a person changed on purpose in the components' files. */
  readonly changesFile: string;
  /** The files that an exercise lets the learner edit, by exercise and act. */
  readonly workspace: string;
  /** What happened to the lab, append-only. */
  readonly eventsFile: string;
  /** Progress of the exercises, one file each. */
  readonly exercises: string;
  /** Scores of the exercises that were done, one file each. */
  readonly scores: string;
}

/** The paths of one lab of the project at `root`. */
export function labPaths(root: string, name: string): LabPaths {
  const base = join(root, '.lab');
  const directory = join(base, name);
  return {
    base,
    cache: join(base, '.cache'),
    directory,
    stateFile: join(directory, 'state.json'),
    lockFile: join(base, `.${name}.lock`),
    runLockFile: join(base, `.${name}.run.lock`),
    credentialsFile: join(directory, 'credentials.json'),
    config: join(directory, 'config'),
    logs: join(directory, 'logs'),
    run: join(directory, 'run'),
    data: join(directory, 'data'),
    faultsFile: join(directory, 'faults.json'),
    changesFile: join(directory, 'changes.json'),
    workspace: join(directory, 'workspace'),
    eventsFile: join(directory, 'events.ndjson'),
    exercises: join(directory, 'exercises'),
    scores: join(directory, 'scores'),
  };
}

/** The file that a component's output goes to (embedded runtime). */
export function logFileOf(paths: LabPaths, component: string): string {
  return join(paths.logs, `${component}.log`);
}
