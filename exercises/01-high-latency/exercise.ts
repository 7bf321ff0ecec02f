import { defineExercise } from '../../lab/exercise/define-exercise.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import {
  alertFires,
  alertForgotten,
  alertResolved,
  alertRouted,
  alertTold,
  nothingFires,
} from './checks/alerts.ts';
import { slowLinesCome, slowLinesEnd, slowLinesNone } from './checks/logs.ts';
import {
  p95Back,
  p95Exceeds,
  p95Well,
  shareBack,
  shareFair,
  shareFalls,
  targetsUp,
  trafficFlows,
} from './checks/metrics.ts';
import { signalsReconcile } from './checks/reconcile.ts';
import { controlGroup, noOtherSlowQueries, usersSeeNoErrors } from './checks/throughout.ts';
import { slowSpansCome, slowSpansEnd, tracesMeetLogs } from './checks/traces.ts';
import { decoys } from './decoys.ts';
import { tasks } from './tasks.ts';
import { delayMs, slow } from './telemetry.ts';

const alertedQuantile = 0.95;

export default defineExercise({
  id: '01-high-latency',
  title: 'High latency',
  summary:
    'Every query of one replica takes half a second longer. Users wait, nothing fails, and the average looks well.',
  minutes: 20,
  objectives: [
    'See one break in metrics, logs, traces and alerts, and go from one to the other',
    'Tell a quantile of one replica from a mean over all of them',
    'Know how long it takes until somebody is told, and why',
  ],
  pillars: ['metrics', 'logs', 'traces', 'alerts'],
  traffic: { profile: 'steady' },
  baseline: [
    targetsUp,
    trafficFlows,
    p95Well,
    shareFair,
    nothingFires,
    alertForgotten,
    slowLinesNone,
    controlGroup,
    usersSeeNoErrors,
  ],
  break: [faultSpec('slow-queries', { target: slow, params: { delayMs } })],
  observe: [
    p95Exceeds,
    shareFalls,
    slowLinesCome,
    slowSpansCome,
    tracesMeetLogs,
    alertFires,
    alertRouted,
    alertTold,
    controlGroup,
    noOtherSlowQueries,
    usersSeeNoErrors,
    signalsReconcile,
  ],
  tasks,
  decoys,
  fix: [
    {
      description: 'Ending the slow queries of api-1',
      apply: (context) => context.revert(),
    },
  ],
  recover: [
    p95Back,
    shareBack,
    slowLinesEnd,
    slowSpansEnd,
    nothingFires,
    alertResolved,
    controlGroup,
    usersSeeNoErrors,
    signalsReconcile,
  ],
  learnings: [
    'A mean over all replicas hides a slow one, the more so as the gateway sends it less: look at quantiles, by instance.',
    'The log line that says "slow query" carries the trace ID; the trace shows which span spends the time itself.',
    'An alert is as fast as its pipeline: scrape, evaluation, `for`, group wait. Each interval is a choice.',
    'No traffic is no evidence: a check that is green because nobody asks is worth nothing.',
  ],
  detection: {
    alertname: 'HighLatency',
    instance: slow,
    onset: {
      // The first slow answer takes as long as the delay; then one answer in twenty of the window has to be slow.
      seconds: (pace) => delayMs / 1000 + (1 - alertedQuantile) * pace.rateWindowSeconds,
      why: 'the first slow answer has to end, and 5 % of the window to be slow, before p95 can move',
    },
  },
});
