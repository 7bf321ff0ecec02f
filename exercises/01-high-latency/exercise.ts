import { defineExercise } from '../../lab/exercise/model/define-exercise.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import { alertLife } from '../kit/alert-life.ts';
import { steadyState } from '../kit/baseline.ts';
import { usersKeepComing, usersSeeNoErrors } from '../kit/client-invariants.ts';
import { signalsReconcile } from '../kit/reconcile.ts';
import { noErrorLines, slowLinesCome, slowLinesEnd } from './checks/logs.ts';
import { controlGroup, p95Back, p95Exceeds, p99Exceeds, shareBack, shareFalls } from './checks/metrics.ts';
import { slowSpansCome, slowSpansEnd, tracesMeetLogs } from './checks/traces.ts';
import { decoys } from './decoys.ts';
import { tasks } from './tasks.ts';
import { delayMs, slow } from './telemetry.ts';

const alert = alertLife({ alertname: 'HighLatency', instance: slow });
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
  baseline: [...steadyState, alert.forgotten],
  acts: [
    {
      id: 'slow-queries',
      title: 'Slow queries',
      summary: 'One replica has become slow. Nothing fails.',
      load: 'steady',
      break: [faultSpec('slow-queries', { target: slow, params: { delayMs } })],
      observe: [
        p95Exceeds,
        p99Exceeds,
        shareFalls,
        slowLinesCome,
        slowSpansCome,
        tracesMeetLogs,
        alert.fires,
        alert.routed,
        alert.toldBy(),
      ],
      invariants: [
        usersSeeNoErrors('shed-load'),
        usersKeepComing('steady', 'stop-traffic'),
        controlGroup,
        noErrorLines,
        signalsReconcile('sample-half'),
      ],
      detection: {
        alertname: 'HighLatency',
        labels: { instance: slow },
        evaluations: 2,
        onset: {
          // The first slow answer takes as long as the delay; then one answer in twenty of the window has to be slow.
          seconds: (pace) => delayMs / 1000 + (1 - alertedQuantile) * pace.rateWindowSeconds,
          why: 'the first slow answer has to end, and 5 % of the window to be slow, before p95 can move',
        },
      },
      tasks,
      decoys,
      repair: {
        steps: [{ description: `Ending the slow queries of ${slow}`, apply: (context) => context.revert() }],
      },
      recover: [p95Back, shareBack, slowLinesEnd, slowSpansEnd, alert.quiet, alert.resolved],
    },
  ],
  learnings: [
    'A mean over all replicas hides a slow one, the more so as the gateway sends it less: look at quantiles, by instance.',
    'The log line that says "slow query" carries the trace ID; the trace shows which span spends the time itself.',
    'An alert is as fast as its pipeline: scrape, evaluation, `for`, group wait. Each interval is a choice.',
    'No traffic is no evidence: a check that is green because nobody asks is worth nothing.',
  ],
});
