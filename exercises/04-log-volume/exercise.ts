import { randomBytes } from 'node:crypto';
import { deploy, replicas } from '../../lab/deploy/deploy.ts';
import { defineExercise } from '../../lab/exercise/model/define-exercise.ts';
import type { Act, ActionContext, Decoy, Task } from '../../lab/exercise/model/model.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import { findVersion } from '../../stack/versions.ts';
import { accepted, rejected } from '../kit/answers.ts';
import { steadyState } from '../kit/baseline.ts';
import { usersKeepComing } from '../kit/client-invariants.ts';
import { silenceAlert, stopTraffic } from '../kit/decoys.ts';
import {
  alert,
  linesDelivered,
  mostIsDebug,
  noSecrets,
  plantedArrive,
  searchReadsMore,
  servicesCount,
  volumeBack,
  volumeGrows,
} from './checks.ts';
import { findPlanted, howMuch, whoIsLoud } from './tasks.ts';
import { debugPerRequest, loud, plantedEveryMs, timesMore } from './telemetry.ts';

const debugOn = loud.map((target) => faultSpec('debug-logging', { target }));
const planted = faultSpec('planted-errors', {
  target: 'gateway',
  params: { everyMs: plantedEveryMs, marker: `loss-${randomBytes(3).toString('hex')}` },
});
const tokenInLog = faultSpec('logged-secret', { target: 'gateway' });
const onlyFatal = faultSpec('log-level', { target: 'gateway', params: { level: 'fatal' } });

const logToken: Decoy = {
  id: 'log-the-token',
  description: 'Log the token with each call, to see who is so loud: now the log holds a secret.',
  apply: (context) => context.inject(tokenInLog),
  undo: (context) => context.revert(tokenInLog),
  rejectedBy: ['no-secrets', 'volume-back'],
  givenSeconds: 5,
};

const dropErrors: Decoy = {
  id: 'drop-errors',
  description:
    'Log nothing below fatal in the gateway, the loudest of all: the rare errors are gone as well.',
  apply: (context) => context.inject(onlyFatal),
  undo: (context) => context.revert(onlyFatal),
  rejectedBy: ['errors-arrive'],
  givenSeconds: 6,
};

const lokiHangs = faultSpec('pause', { target: 'loki' });
/** No line arrives any more, which is not a repair. */
const stopShipping: Decoy = {
  id: 'stop-shipping',
  description: 'Stop shipping logs: nothing is stored any more, and nobody knows what the services say.',
  apply: (context) => context.inject(lokiHangs),
  undo: (context) => context.revert(lokiHangs),
  rejectedBy: ['lines-delivered'],
  givenSeconds: (pace) => 6 * pace.scrapeIntervalSeconds,
};

/** A request writes nine debug lines or so; of one in ten that is one. */
const mostDebugPerRequest = 2;
/** Without debug lines as much as before is logged; with those of one request in ten, nearly twice as much. */
const mostTimesQuiet = 1.5;
const mostTimesSampled = 2.5;

/** At most so many times as much as before, with requests and errors still told. */
const turnedDown = (task: {
  readonly mostTimes: number;
  readonly id: string;
  readonly prompt: string;
  readonly how: string;
  readonly act: (context: ActionContext) => Promise<void>;
}): Task => ({
  ...task,
  kind: 'action',
  hints: [
    'Which instances are loud, and how did they become so?',
    'A level that was set at run time is set back at run time; one that was deployed, by a deploy. Errors have to stay.',
    'npm run lab -- exercise fix does it. For what was deployed: npm run lab -- rollback, or the same version with one request in ten: npm run lab -- deploy 1.0.1 --env LOG_LEVEL=debug LOG_DEBUG_SAMPLE_RATIO=0.1',
  ],
  async verify(context) {
    const [times, debug] = await Promise.all([timesMore(context, true), debugPerRequest(context)]);
    if (times === undefined) return rejected('at this moment Loki receives nothing');
    // Without load little is logged at any level.
    if (debug === undefined) return rejected('at this moment nobody sends requests');
    if (debug > mostDebugPerRequest)
      return rejected(`${debug.toFixed(1)} debug lines are still written for each request`);
    return times <= task.mostTimes
      ? accepted(`${times.toFixed(1)} times as much as before`)
      : rejected(`still ${times.toFixed(1)} times as much as before`);
  },
});

const quietAgain =
  (mostTimes: number): Act['repair']['done'] =>
  async (context) => {
    const [times, debug] = await Promise.all([timesMore(context, true), debugPerRequest(context)]);
    return times !== undefined && times <= mostTimes && debug !== undefined && debug <= mostDebugPerRequest;
  };

const live: Act = {
  id: 'debug-live',
  title: 'Debug, switched on while it runs',
  summary: 'Somebody has switched debug logging on, everywhere. And something is lost now and then.',
  load: 'steady',
  break: [...debugOn, planted],
  observe: [
    volumeGrows(10),
    mostIsDebug,
    servicesCount,
    searchReadsMore,
    alert.fires,
    alert.routed,
    alert.toldBy('slack'),
  ],
  invariants: [plantedArrive, linesDelivered, noSecrets, usersKeepComing('steady', 'stop-traffic')],
  detection: {
    alertname: 'LogVolumeHigh',
    labels: { service: 'loki' },
    evaluations: 2,
    onset: {
      seconds: (pace) => pace.rateWindowSeconds,
      why: 'the window of the rate has to fill with the flood before it exceeds its limit',
    },
  },
  tasks: [
    howMuch,
    whoIsLoud,
    findPlanted,
    turnedDown({
      id: 'turn-it-down',
      mostTimes: mostTimesQuiet,
      prompt: 'Bring the volume back below one and a half times what it was, and keep the errors.',
      how: 'set the level back to info on the gateway and the replicas',
      async act(context) {
        for (const spec of debugOn) await context.revert(spec);
      },
    }),
  ],
  decoys: [silenceAlert('LogVolumeHigh', 'volume-back'), logToken, dropErrors, stopShipping, stopTraffic()],
  repair: {
    steps: [
      {
        description: 'Setting the level back to info everywhere',
        async apply(context) {
          for (const spec of debugOn) await context.revert(spec);
        },
      },
    ],
    done: quietAgain(mostTimesQuiet),
  },
  recover: [volumeBack(mostTimesQuiet), alert.quiet, alert.resolved],
};

const deployed: Act = {
  id: 'debug-deployed',
  title: 'Debug, deployed',
  summary:
    'A release came with LOG_LEVEL=debug. No switch of the running process shows that it will come back with every restart.',
  load: 'steady',
  break: [
    ...replicas.map((target) =>
      faultSpec('deploy', { target, params: { version: '1.0.1', env: { LOG_LEVEL: 'debug' } } }),
    ),
    planted,
  ],
  observe: [volumeGrows(4), mostIsDebug],
  invariants: [usersKeepComing('steady', 'stop-traffic')],
  tasks: [
    turnedDown({
      id: 'turn-the-release-down',
      mostTimes: mostTimesSampled,
      prompt:
        'Bring the volume below two and a half times of what it was, so that it stays so after a restart. You may keep the debug lines of one request in ten.',
      how: 'keep the debug lines of one request in ten: npm run lab -- deploy 1.0.1 --env LOG_LEVEL=debug LOG_DEBUG_SAMPLE_RATIO=0.1; npm run lab -- rollback does as well',
      async act({ lab, signal }) {
        const environment = { LOG_LEVEL: 'debug', LOG_DEBUG_SAMPLE_RATIO: '0.1' };
        await deploy(lab, findVersion('1.0.1')!, { environment, signal });
      },
    }),
  ],
  decoys: [stopTraffic()],
  repair: {
    steps: [{ description: 'Rolling back', apply: (context) => context.revert() }],
    done: quietAgain(mostTimesSampled),
  },
  recover: [volumeBack(mostTimesSampled)],
};

export default defineExercise({
  id: '04-log-volume',
  title: 'Log volume',
  summary:
    'Debug logging is on everywhere. What does it cost, what drowns in it, and how do you find the one line that matters?',
  minutes: 25,
  objectives: [
    'Measure what is logged: by service, by level, in bytes, gigabytes a day and money',
    'Ask Loki in a way that reads little: labels first, then words, then fields',
    'Turn the volume down without losing what you need',
  ],
  pillars: ['metrics', 'logs', 'alerts'],
  needs: ['restart-with-env'],
  baseline: [...steadyState, alert.forgotten],
  acts: [live, deployed],
  learnings: [
    'Log volume is a bill and a delay: every byte is paid for when it comes in, and read by every search for a word.',
    'Labels are free to filter by, words are not, fields cost most: {…, level="error"} before |= "error" before | json.',
    'The word "error" stands in lines that report none. A level, a severity and a message of its own are what can be found.',
    'Turn down what is loud, never what reports a failure.',
    'A secret in a log is in every copy of it. Scan for your own.',
  ],
});
