import { defineExercise } from '../../lab/exercise/model/define-exercise.ts';
import type { Act, Decoy } from '../../lab/exercise/model/model.ts';
import { noPageFires, sharesFair, targetsUp, trafficFlows } from '../kit/baseline.ts';
import { usersKeepComing } from '../kit/client-invariants.ts';
import { silenceAlert, stopTraffic } from '../kit/decoys.ts';
import { longEnough } from '../kit/windows.ts';
import { harmIsTold, noiseIsGone, noiseIsSeen } from './checks.ts';
import {
  databaseGone,
  everyAlertByItself,
  noGrouping,
  nothingSilenced,
  oneIncidentManyPages,
  oneIncidentOnePage,
  writeRoutes,
} from './routes.ts';
import { goodRules, writeRules } from './rules.ts';
import { pagesAnHour, precisionRecall, symptom, whichWasReal } from './tasks.ts';
import { noiseAndHarm, noisyAlert, routesFile, rulesFile, wholeHarmSeconds } from './telemetry.ts';

/** The pager is quiet, whatever happens. */
const routeToNobody: Decoy = {
  id: 'route-to-nobody',
  description: 'Send what is critical to a receiver that tells nobody: quiet, and blind.',
  async apply(context) {
    const current = context.lab.readConfig(routesFile.path) ?? '';
    await context.install(
      routesFile,
      current
        .replace('receiver: critical\n', 'receiver: nobody\n')
        .replace(/^receivers:\n/m, 'receivers:\n  - name: nobody\n'),
    );
  },
  undo: (context) => context.uninstall(routesFile),
  rejectedBy: ['harm-is-told'],
  givenSeconds: longEnough,
  judgedWithinSeconds: wholeHarmSeconds,
};

const noise: Act = {
  id: 'noise',
  title: 'A rule that always rings',
  summary:
    'After the last incident somebody wrote a rule: never again may a slow request go unseen. Now the pager never rests. One of the pages is real.',
  load: 'steady',
  break: noiseAndHarm,
  observe: noiseIsSeen,
  invariants: [harmIsTold, usersKeepComing('steady', 'stop-traffic')],
  tasks: [pagesAnHour, precisionRecall, whichWasReal, writeRules],
  decoys: [
    { ...silenceAlert(noisyAlert, 'harm-is-told'), judgedWithinSeconds: wholeHarmSeconds },
    routeToNobody,
    stopTraffic(),
  ],
  repair: {
    steps: [
      {
        description: 'Alerting on what users feel, sustained',
        apply: (context) =>
          context.install(rulesFile, goodRules(context.lab.readConfig(rulesFile.path) ?? '')),
      },
    ],
    // The spikes and the slow search go on: it is they that have to be told apart.
    done: async ({ observe: { prometheus }, signal }) =>
      !(await prometheus.rules({ signal })).some(
        ({ name, duration, query }) => name === noisyAlert && duration === 0 && query.includes('le="0.1"'),
      ),
  },
  recover: noiseIsGone,
};

const storm: Act = {
  id: 'storm',
  title: 'One incident, many pages',
  summary:
    'The database is gone, and every alert that follows from it rings by itself: nothing is grouped, nothing is held back.',
  load: 'steady',
  break: [everyAlertByItself, databaseGone],
  observe: oneIncidentManyPages,
  invariants: [nothingSilenced, usersKeepComing('steady', 'stop-traffic')],
  tasks: [symptom, writeRoutes],
  decoys: [silenceAlert('HighErrorRate', 'nothing-silenced', 'one-page'), stopTraffic()],
  repair: {
    steps: [
      {
        description: 'Grouping, and letting the cause speak for what follows from it',
        apply: (context) =>
          context.install(routesFile, writeRoutes.solution(context.lab.readConfig(routesFile.path) ?? '')),
      },
    ],
    // The database stays away: the page is to be one while the incident lasts.
    done: async ({ lab }) => !(lab.readConfig(routesFile.path) ?? noGrouping).includes(noGrouping),
  },
  recover: oneIncidentOnePage,
};

export default defineExercise({
  id: '06-alert-fatigue',
  title: 'Alert fatigue',
  summary:
    'The pager rings all the time, and once it matters. Measure how good alerting is, and write rules and routes that people can live with.',
  minutes: 35,
  objectives: [
    'Measure alerting by what users felt: precision and recall',
    'Write a rule that asks for users’ pain, sustained, instead of for an event',
    'Make one page of one incident by grouping and inhibition, and lose nothing',
  ],
  pillars: ['alerts', 'metrics', 'logs', 'traces'],
  needs: ['stop'],
  baseline: [targetsUp, trafficFlows, sharesFair, noPageFires],
  acts: [noise, storm],
  learnings: [
    'An alert that fires while no user suffers costs attention, and attention is what the next real one needs.',
    'Alert on symptoms: what users feel, where they feel it, for as long as it matters. Causes belong on dashboards and into the page’s text.',
    'Precision: how many alerts were real. Recall: how much of what was real was told. Deleting rules raises one and ruins the other.',
    'Group what is one incident, and let the cause hold back what follows from it. A silence or a null route hides; an inhibition only while the cause is told.',
    'Review alerts as you review code: how often, for how long, who acted.',
  ],
});
