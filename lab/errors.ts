import { tooFewFiles } from './process/open-files.ts';
import { legible } from './ui/legible.ts';

/**
 * Every error a person can meet, with its stable code. One line each: the offending value, the rule, the remedy.
 * `exitCode`: 1 a check or exercise failed, 2 wrong usage, environment or measurement, 3 a fault could not be reverted.
 */
export class LabError extends Error {
  readonly code: `LAB_${string}`;
  readonly exitCode: number;

  constructor(code: `LAB_${string}`, message: string, options: { exitCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LabError';
    this.code = code;
    this.exitCode = options.exitCode ?? 2;
  }
}

type ErrorClass<Arguments extends unknown[]> = new (
  ...parts: [...Arguments, options?: { cause?: unknown }]
) => LabError;

/** Every code of the catalogue, in order of definition; a test compares it with the documentation. */
export const errorCodes: string[] = [];

/**
 * Declares one error of the catalogue: its code, the sentence made of its arguments, its exit code. Arguments come from
 * outside as often as not: control characters in them are escaped, and what is too long is shortened.
 */
function defineError<Arguments extends unknown[]>(
  code: `LAB_${string}`,
  describe: (...parts: Arguments) => string,
  exitCode = 2,
): ErrorClass<Arguments> {
  errorCodes.push(code);
  return class extends LabError {
    constructor(...parts: [...Arguments, options?: { cause?: unknown }]) {
      const arity = describe.length;
      const options = parts.length > arity ? (parts[arity] as { cause?: unknown } | undefined) : undefined;
      const told = parts.slice(0, arity).map((part) => (typeof part === 'string' ? legible(part) : part));
      super(code, describe(...(told as Arguments)), { exitCode, cause: options?.cause });
    }
  };
}

export const UsageError = defineError(
  'LAB_USAGE',
  (problem: string, remedy: string) => `${problem} ${remedy}`,
);

export const LabNameInvalid = defineError(
  'LAB_NAME_INVALID',
  (name: string) =>
    `LAB_NAME="${name}" is not a lab name: 1 to 32 lower-case letters, digits and inner hyphens. Set another, or unset it.`,
);

export const LabNotRunning = defineError(
  'LAB_NOT_RUNNING',
  (name: string) => `The lab "${name}" is not running. Start it: npm run lab -- up`,
);

export const LabBusy = defineError(
  'LAB_BUSY',
  (name: string, pid: number, command: string) =>
    `The lab "${name}" is being changed by process ${pid} (${command}). Only one command at a time may change it: wait for it, or end it.`,
);

export const StateCorrupt = defineError(
  'LAB_STATE_CORRUPT',
  (file: string, problem: string) =>
    `${file} cannot be understood (${problem}). Clear this lab and start again: npm run lab -- down`,
);

export const NotWritable = defineError(
  'LAB_NOT_WRITABLE',
  (path: string, reason: string) =>
    `${path} cannot be written (${reason}), and the lab has to write there. Give yourself write access, or choose another place.`,
);

export const PortTaken = defineError(
  'LAB_PORT_TAKEN',
  (component: string, port: number, remedy: string) => `Port ${port} of ${component} is taken. ${remedy}`,
);

export const PortOffsetInvalid = defineError(
  'LAB_PORT_OFFSET_INVALID',
  (value: string, highest: number) =>
    `LAB_PORT_OFFSET=${value} is not an offset: a whole number from 0 to ${highest}. Set another, or unset it to let the lab choose.`,
);

export const PortOffsetBlocked = defineError(
  'LAB_PORT_OFFSET_BLOCKED',
  (value: string, component: string, port: number) =>
    `LAB_PORT_OFFSET=${value} puts ${component} on port ${port}, which browsers refuse to open. Set another, or unset it to let the lab choose.`,
);

export const ComponentFailed = defineError(
  'LAB_COMPONENT_FAILED',
  (component: string, how: string, lastLines: string) =>
    `${component} ${how}. Its last lines: ${lastLines} -- All of them: npm run lab -- logs ${component}`,
);

export const LabDisconnected = defineError(
  'LAB_DISCONNECTED',
  (problems: string, component: string) =>
    `Every component is ready, but this does not hold: ${problems}. Look at it: npm run lab -- logs ${component}; ask again: npm run lab -- doctor`,
);

export const ComponentUnknown = defineError(
  'LAB_COMPONENT_UNKNOWN',
  (component: string, known: string) =>
    `"${component}" is not a component of the lab. Name one of: ${known}.`,
);

export const TemplateInvalid = defineError(
  'LAB_TEMPLATE_INVALID',
  (file: string, line: number, placeholder: string, rule: string) =>
    `${file}:${line}: \${${placeholder}}: ${rule}. Correct the template under stack/.`,
);

export const OncallInvalid = defineError(
  'LAB_ONCALL_INVALID',
  (file: string, problems: readonly string[]) =>
    `${file}: ${problems[0]}${problems.length > 1 ? ` And ${problems.length - 1} more.` : ''} All of them: npm run lab -- oncall`,
);

export const RuntimeUnavailable = defineError(
  'LAB_RUNTIME_UNAVAILABLE',
  (runtime: string, reason: string, remedy: string) =>
    `The ${runtime} runtime cannot be used: ${reason}. ${remedy}`,
);

export const RuntimeMismatch = defineError(
  'LAB_MISMATCH',
  (what: string, running: string, asked: string) =>
    `The lab runs with ${what} ${running}, but ${asked} was asked for. Stop it first: npm run lab -- down`,
);

export const CapabilityMissing = defineError(
  'LAB_CAPABILITY_MISSING',
  (capability: string, runtime: string, remedy: string) =>
    `The ${runtime} runtime cannot do "${capability}". ${remedy}`,
);

export const PostgresUserMissing = defineError(
  'LAB_POSTGRES_USER',
  (reason: string, remedy: string) => `PostgreSQL cannot run here: ${reason}. ${remedy}`,
);

export const ImageMissing = defineError(
  'LAB_IMAGE_MISSING',
  (image: string, reason: string, variable: string) =>
    `The image ${image} is not available (${reason}). Name another in ${variable}, build stand-ins (npm run offline-images), or use --runtime embedded`,
);

export const ImageBuildFailed = defineError(
  'LAB_IMAGE_BUILD_FAILED',
  (image: string, reason: string) =>
    `The image ${image} could not be built (${reason}). Check that LAB_IMAGE_NODE names an image with Node 20.19 or newer.`,
);

export const EngineDiskFull = defineError(
  'LAB_DOCKER_DISK_FULL',
  (what: string, reason: string) =>
    `The Docker engine has no space left for ${what} (${reason}). See what takes it: docker system df; free it: docker system prune`,
);

export const BuildMissing = defineError(
  'LAB_BUILD_MISSING',
  (file: string) => `${file} is missing; it is built from the sources. Build it: npm run setup`,
);

/** Ctrl-C or SIGTERM: not a failure, and the lab is left clean. */
export const Interrupted = defineError('LAB_INTERRUPTED', () => 'Interrupted.', 130);

export const OutputLost = defineError(
  'LAB_OUTPUT_LOST',
  (reason: string) =>
    `The output could not be written (${reason}); the command itself has done its work. Make room, or send the output elsewhere.`,
);

export const DiskFull = defineError(
  'LAB_DISK_FULL',
  (reason: string) => `There is no room left on a disk (${reason}). Make room, then run the command again.`,
);

export const OpenFilesExhausted = defineError(tooFewFiles.code, () => tooFewFiles.message(undefined));

/** A defect of the lab itself: every thrown value that is not a `LabError`, wrapped where the process exits. */
export const InternalError = defineError(
  'LAB_INTERNAL',
  (message: string) =>
    `Unexpected: ${message}. Run it again with --verbose for the stack, and please report it.`,
);

export const FaultUnknown = defineError(
  'LAB_FAULT_UNKNOWN',
  (fault: string, known: string) => `"${fault}" is not a fault of the lab. Name one of: ${known}.`,
);

export const FaultInvalid = defineError(
  'LAB_FAULT_INVALID',
  (fault: string, given: string, rule: string) => `${given} is not valid for the fault "${fault}": ${rule}.`,
);

export const FaultDidNotTake = defineError(
  'LAB_FAULT_NOT_TAKEN',
  (fault: string, target: string) =>
    `The fault "${fault}" was injected and ${target} says that it is not active. Look at it: npm run lab -- logs ${target}`,
);

export const FaultNotReverted = defineError(
  'LAB_FAULT_NOT_REVERTED',
  (faults: string) =>
    `Could not be reverted: ${faults}. Try again: npm run lab -- heal; or stop the lab, which ends every fault: npm run lab -- down`,
  3,
);

export const ConfigInvalid = defineError(
  'LAB_CONFIG_INVALID',
  (file: string, problem: string, remedy: string) =>
    `${file} was not installed: ${problem}. ${remedy}; the old configuration stays in force.`,
  1,
);

export const ConfigRejected = defineError(
  'LAB_CONFIG_REJECTED',
  (component: string, file: string, words: string) =>
    `${component} rejected ${file}: ${words} The old configuration stays in force; correct the file and apply it again.`,
  1,
);

export const ComponentNotReady = defineError(
  'LAB_COMPONENT_NOT_READY',
  (component: string, state: string) =>
    `${component} is ${state === 'running' ? 'not ready' : state}, so it cannot read another configuration. Start it: npm run lab -- up`,
);

export const FailbackFailed = defineError(
  'LAB_FAILBACK_FAILED',
  (node: string, seconds: number) =>
    `${node} did not catch up within ${seconds} s, so it was not promoted: writes would be lost. Look at it: npm run lab -- logs ${node}`,
);

export const WorkspaceMissing = defineError(
  'LAB_WORKSPACE_MISSING',
  (file: string, exercise: string) =>
    `${file} does not exist. Get the files back: npm run lab -- exercise start ${exercise}`,
);

export const ExerciseUnknown = defineError(
  'LAB_EXERCISE_UNKNOWN',
  (exercise: string, known: string) => `"${exercise}" is not an exercise. Name one of: ${known}.`,
);

export const ExerciseNoneOpen = defineError(
  'LAB_EXERCISE_NONE_OPEN',
  (known: string) => `No exercise is open. Start one of ${known}: npm run lab -- exercise start <id>`,
);

export const ExerciseInvalid = defineError(
  'LAB_EXERCISE_INVALID',
  (exercise: string, problem: string) =>
    `The exercise ${exercise} is not well formed: ${problem}. Correct its exercise.ts.`,
);

export const ExercisePhase = defineError(
  'LAB_EXERCISE_PHASE',
  (exercise: string, phase: string, wanted: string, remedy: string) =>
    `${exercise} is ${phase}; ${wanted}. ${remedy}`,
);

export const TaskUnknown = defineError(
  'LAB_TASK_UNKNOWN',
  (task: string, exercise: string, known: string) =>
    `"${task}" is not a task of ${exercise}. Name one of: ${known}.`,
);

export const ProgressCorrupt = defineError(
  'LAB_PROGRESS_CORRUPT',
  (file: string, problem: string, exercise: string) =>
    `${file} cannot be understood (${problem}). Begin the exercise again: npm run lab -- exercise reset ${exercise}`,
);

export const ProgressOutdated = defineError(
  'LAB_PROGRESS_OUTDATED',
  (file: string, found: number, wanted: number, exercise: string) =>
    `${file} has version ${found}, this lab writes version ${wanted}: it is from another release. Begin the exercise again: npm run lab -- exercise reset ${exercise}`,
);

export const ScoreCorrupt = defineError(
  'LAB_SCORE_CORRUPT',
  (file: string, problem: string) =>
    `${file} cannot be understood (${problem}). Delete it: the scores of that exercise begin anew.`,
);

export const TrafficFailed = defineError(
  'LAB_TRAFFIC_FAILED',
  (reason: string) =>
    `The traffic could not be started: ${reason}. Look at the gateway: npm run lab -- logs gateway`,
);

export const TrafficEnded = defineError(
  'LAB_TRAFFIC_ENDED',
  (profile: string, afterSeconds: number, ofSeconds: number) =>
    `The load "${profile}" ended after ${afterSeconds} s of ${ofSeconds} s: another command stopped it (heal), or sends its own (ci, an exercise). Send it again when they are done.`,
);

export const ReportInvalid = defineError(
  'LAB_REPORT_INVALID',
  (problem: string) =>
    `The report does not match lab/exercise/report/report.schema.json: ${problem}. This is a defect of the lab.`,
);
