import { constants } from 'node:os';
import { register as registerAlerts } from './commands/alerts.ts';
import { register as registerBreak } from './commands/break.ts';
import { register as registerCi } from './commands/ci.ts';
import { register as registerDeploy } from './commands/deploy.ts';
import { register as registerDiagnose } from './commands/diagnose.ts';
import { register as registerDoctor } from './commands/doctor.ts';
import { register as registerDown } from './commands/down.ts';
import { register as registerExercise } from './commands/exercise.ts';
import { register as registerExport } from './commands/export.ts';
import { register as registerFailover } from './commands/failover.ts';
import { register as registerHeal } from './commands/heal.ts';
import { register as registerInbox } from './commands/inbox.ts';
import { register as registerIncident } from './commands/incident.ts';
import { register as registerLoad } from './commands/load.ts';
import { register as registerLogs } from './commands/logs.ts';
import { register as registerMenu } from './commands/menu.ts';
import { register as registerOncall } from './commands/oncall.ts';
import { register as registerPromote } from './commands/promote.ts';
import { register as registerReport } from './commands/report.ts';
import { register as registerSilence } from './commands/silence.ts';
import { register as registerSlo } from './commands/slo.ts';
import { register as registerStatus } from './commands/status.ts';
import { register as registerTrafficWorker } from './commands/traffic-worker.ts';
import { register as registerUp } from './commands/up.ts';
import { register as registerUrls } from './commands/urls.ts';
import { createContext } from './context.ts';
import { Interrupted, LabError, OutputLost } from './errors.ts';
import { asLabError, createProgram, defaultArguments } from './program.ts';

/** Every command of the lab. Each file registers its own name, options and action. */
const commands = [
  registerMenu,
  registerUp,
  registerDown,
  registerStatus,
  registerDiagnose,
  registerUrls,
  registerDoctor,
  registerLogs,
  registerExercise,
  registerBreak,
  registerLoad,
  registerHeal,
  registerDeploy,
  registerSlo,
  registerInbox,
  registerOncall,
  registerIncident,
  registerAlerts,
  registerSilence,
  registerPromote,
  registerFailover,
  registerReport,
  registerCi,
  registerExport,
  registerTrafficWorker,
];

const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    // The second signal does not wait for the clean-up. What it leaves, the next command heals.
    if (interruption.signal.aborted) process.exit(128 + (constants.signals[name] ?? 2));
    interruption.abort(new Interrupted());
  });
}

// `lab … | head`: the reader has closed the pipe. Any other failure (a full disk) is told once, when the command has
// finished its work: ending in the middle of it would leave a half-done lab behind.
let outputLost: NodeJS.ErrnoException | undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') outputLost ??= error;
});
// Nowhere is left to tell it; the exit code does.
process.stderr.on('error', () => {});

const context = createContext(interruption.signal);
const program = createProgram(context);
for (const register of commands) register(program, context);

let exitCode = 0;
try {
  const given = process.argv.slice(2);
  await program.parseAsync(given.length > 0 ? given : defaultArguments(program, context), { from: 'user' });
  exitCode = interruption.signal.aborted ? 130 : context.exitCode;
} catch (error) {
  const failure =
    interruption.signal.aborted && !(error instanceof LabError && error.exitCode === 3)
      ? new Interrupted()
      : asLabError(error);
  if (failure !== undefined) {
    context.ui.failure(failure);
    exitCode = failure.exitCode;
  }
}
await new Promise((resolve) => process.stdout.write('', resolve));
// A stream tells of its errors one turn later.
await new Promise((resolve) => setImmediate(resolve));
if (outputLost !== undefined && exitCode === 0) {
  const failure = new OutputLost(outputLost.code ?? outputLost.message, { cause: outputLost });
  context.ui.failure(failure);
  exitCode = failure.exitCode;
}
// The one place where the process ends. Explicit, because a keep-alive connection may still hold the event loop.
process.exit(exitCode);
