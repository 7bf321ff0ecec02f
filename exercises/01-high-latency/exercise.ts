import { defineExercise } from '../../lab/exercise/define-exercise.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import { baseline, observe, recover } from './checks.ts';
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
  baseline,
  break: [faultSpec('slow-queries', { target: slow, params: { delayMs } })],
  observe,
  tasks,
  decoys,
  fix: [
    {
      description: 'Ending the slow queries of api-1',
      apply: (context) => context.revert(),
    },
  ],
  recover,
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
