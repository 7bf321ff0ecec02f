import { defineExercise } from '../../lab/exercise/model/define-exercise.ts';
import type { Act } from '../../lab/exercise/model/model.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import { noPageFires, sharesFair, targetsUp, trafficFlows } from '../kit/baseline.ts';
import { usersKeepComing, usersSeeNoErrors, usersWereServed } from '../kit/client-invariants.ts';
import { restartAnother, silenceAlert, stopTraffic } from '../kit/decoys.ts';
import { alert, loss, recovery, scrapeEndsWith } from './checks.ts';
import { restartAll, stopScraping } from './decoys.ts';
import { bringBack, sharesNow, sinceWhen, tellsHanging, whatIsHidden, whichIsDown } from './tasks.ts';
import { lost } from './telemetry.ts';

const stop: Act = {
  id: 'stop',
  title: 'A replica stops',
  summary: 'One of three replicas has stopped. Users notice nothing; somebody should.',
  load: 'burst',
  break: [faultSpec('stop', { target: lost })],
  observe: [
    ...loss,
    usersWereServed(1000, 'burst'),
    scrapeEndsWith(
      'scrape-refused',
      'Prometheus says why: the connection is refused',
      /connection refused|ECONNREFUSED|no such host|no route|i\/o timeout|dial tcp/i,
    ),
  ],
  invariants: [usersSeeNoErrors('restart-the-rest', 0.1), usersKeepComing('burst', 'stop-traffic')],
  detection: {
    alertname: 'ServiceDown',
    labels: { instance: lost, severity: 'critical' },
    evaluations: 1,
    onset: { seconds: 0, why: 'the first scrape after the stop is refused at once' },
  },
  tasks: [
    whichIsDown,
    sinceWhen,
    sharesNow,
    bringBack({
      id: 'bring-back',
      prompt: 'Bring it back, by any way that you like.',
      how: `start ${lost} again`,
      act: ({ lab }) => lab.start(lost),
    }),
  ],
  decoys: [
    silenceAlert('ServiceDown', 'up-again', 'share-again'),
    stopScraping('up-again', 'gateway-trusts'),
    restartAll('users-see-no-errors', 'up-again'),
    stopTraffic(),
  ],
  repair: { steps: [{ description: `Starting ${lost} again`, apply: (context) => context.revert() }] },
  recover: recovery,
};

const hang: Act = {
  id: 'hang',
  title: 'A replica hangs',
  summary: 'One replica hangs: it takes connections and never answers. What was on its way to it waits.',
  load: 'burst',
  break: [faultSpec('pause', { target: lost })],
  observe: [
    ...loss,
    usersWereServed(1000, 'burst'),
    scrapeEndsWith(
      'scrape-times-out',
      'Prometheus says why: its scrape timed out',
      /deadline exceeded|timed? ?out/i,
    ),
  ],
  invariants: [
    // What may not be repeated fails when its replica hangs. Until the gateway knows, two or three bursts of 17 are on
    // their way to it, a fifth of which are POSTs: about ten of the thousand requests that are counted.
    usersSeeNoErrors('restart-the-rest', 2),
    usersKeepComing('burst', 'stop-traffic'),
  ],
  detection: {
    alertname: 'ServiceDown',
    labels: { instance: lost, severity: 'critical' },
    evaluations: 1,
    onset: {
      seconds: (pace) => pace.scrapeIntervalSeconds,
      why: 'a scrape that is not answered fails only when its timeout is over',
    },
  },
  tasks: [
    tellsHanging,
    whatIsHidden,
    bringBack({
      id: 'wake-it',
      prompt: 'Bring it back once more.',
      how: `restart ${lost}`,
      act: ({ lab }) => lab.restart(lost),
    }),
  ],
  decoys: [
    restartAnother('api-3', 'up-again', 'gateway-trusts'),
    restartAll('users-see-no-errors', 'up-again'),
    stopTraffic(),
  ],
  repair: { steps: [{ description: `Letting ${lost} go on`, apply: (context) => context.revert() }] },
  recover: recovery,
};

export default defineExercise({
  id: '02-service-outage',
  title: 'Service outage',
  summary:
    'One of three replicas stops, then hangs. The gateway saves the users; who tells you that the reserve is gone?',
  minutes: 25,
  objectives: [
    'See that a target is down, since when, and what Prometheus says about the reason',
    'Tell a process that has stopped from one that hangs, by metrics alone',
    'Know what a success rate hides when retries work',
  ],
  pillars: ['metrics', 'logs', 'traces', 'alerts'],
  // Not p95: fifty requests at the same moment wait for each other on any machine.
  baseline: [targetsUp, trafficFlows, sharesFair, noPageFires, alert.forgotten],
  acts: [stop, hang],
  learnings: [
    'Redundancy hides an outage from users, and from every dashboard that shows only what users feel: alert on the loss of the reserve.',
    'up is the cheapest health check there is. Its scrape timeout decides how long a hanging process looks well.',
    'A stopped process refuses at once, a hanging one costs a timeout for every request on its way to it.',
    'Retries help only where a request may be sent twice. Count the attempts, not only the answers.',
    'What is not scraped cannot be down: count the targets that should be there.',
  ],
});
