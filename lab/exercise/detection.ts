import type { Pace } from '../../stack/pace.ts';
import type { Exercise, ExerciseContext } from './model.ts';
import type { CheckResult } from './run-check.ts';
import { secondsAt } from './run-check.ts';

export interface LimitPart {
  readonly name: string;
  readonly ms: number;
  readonly why: string;
}

export interface Detection {
  readonly alertname: string;
  readonly brokenAt: string;
  readonly firingAt: string | null;
  readonly notifiedAt: string | null;
  /** The worst case of a pipeline that loses no time: the sum of `parts`. */
  readonly limitMs: number;
  readonly parts: readonly LimitPart[];
  /** From the break to the notification, or null when none came. */
  readonly actualMs: number | null;
}

/** A run may take this many times the limit. */
export const detectionTolerance = 1.5;

/**
 * The theoretical limit of detection: each interval of the pipeline in its worst case, end to end. A sample may have to
 * wait for the next scrape, the recording rule for its next evaluation, the alerting rule (another group) for its own,
 * then `for` runs, then Alertmanager waits for the group.
 */
export function detectionLimit(pace: Pace, onset: { seconds: number; why: string }): LimitPart[] {
  return [
    { name: 'onset', ms: Math.round(onset.seconds * 1000), why: onset.why },
    {
      name: 'scrape',
      ms: pace.scrapeIntervalSeconds * 1000,
      why: 'the slow answers wait for the next scrape',
    },
    {
      name: 'evaluation',
      ms: pace.evaluationIntervalSeconds * 1000,
      why: 'the recording rule waits for its evaluation',
    },
    {
      name: 'evaluation',
      ms: pace.evaluationIntervalSeconds * 1000,
      why: 'the alerting rule waits for its own',
    },
    { name: 'for', ms: pace.alertForSeconds * 1000, why: 'the condition has to last' },
    { name: 'group_wait', ms: pace.groupWaitSeconds * 1000, why: 'Alertmanager waits for more of the group' },
  ];
}

/** Reads from Prometheus when the alert began to fire, and from the inbox when somebody was told. */
export async function measureDetection(
  wanted: NonNullable<Exercise['detection']>,
  context: ExerciseContext,
): Promise<Detection> {
  const { pace, clock, signal, timeline } = context;
  const brokenAtMs = timeline.brokenAtMs ?? timeline.startedAtMs;
  const { alertname, instance } = wanted;
  const series = await context.observe.prometheus.queryRange(
    `ALERTS{alertname="${alertname}", instance="${instance}", alertstate="firing"}`,
    { startMs: brokenAtMs, endMs: clock.now(), stepSeconds: pace.evaluationIntervalSeconds, signal },
  );
  const firingAtMs = earliest(series.flatMap((one) => one.points.map((point) => point.timestampMs)));
  const notifications = await context.observe.inbox.notifications({
    sinceMs: brokenAtMs,
    alertname,
    status: 'firing',
    signal,
  });
  const notifiedAtMs = earliest(
    notifications.filter((one) => one.instances.includes(instance)).map((one) => Date.parse(one.receivedAt)),
  );
  const onset = { seconds: secondsAt(wanted.onset.seconds, pace), why: wanted.onset.why };
  const parts = detectionLimit(pace, onset);
  const iso = (ms: number | undefined): string | null =>
    ms === undefined ? null : new Date(ms).toISOString();
  return {
    alertname,
    brokenAt: new Date(brokenAtMs).toISOString(),
    firingAt: iso(firingAtMs),
    notifiedAt: iso(notifiedAtMs),
    parts,
    limitMs: parts.reduce((sum, part) => sum + part.ms, 0),
    actualMs: notifiedAtMs === undefined ? null : Math.round(notifiedAtMs - brokenAtMs),
  };
}

/** The measured detection as one more check of the run. */
export function detectionCheck(detection: Detection, context: ExerciseContext): CheckResult {
  const limitSeconds = detection.limitMs / 1000;
  const allowedMs = detection.limitMs * detectionTolerance;
  const sum = detection.parts.map((part) => `${part.name} ${part.ms / 1000}`).join(' + ');
  const { actualMs } = detection;
  return {
    id: 'detection-time',
    claim: `${detection.alertname} reached the inbox in time`,
    pillar: 'alerts',
    phase: 'observe',
    query: `inbox: first firing ${detection.alertname} since ${detection.brokenAt}`,
    // The checks before this one have waited longer than the limit: that nobody was told is measured.
    verdict: actualMs !== null && actualMs <= allowedMs ? 'passed' : 'failed',
    observed: actualMs === null ? 'never' : `${(actualMs / 1000).toFixed(1)} s`,
    observedValue: actualMs === null ? null : actualMs / 1000,
    expected: `at most ${(allowedMs / 1000).toFixed(1)} s (${detectionTolerance} × the limit of ${limitSeconds} s)`,
    note: `limit ${limitSeconds} s = ${sum}`,
    withinSeconds: allowedMs / 1000,
    ms: 0,
    link: context.observe.alertmanager.link(),
    next: 'Compare brokenAt, firingAt and notifiedAt in the report: the largest gap names the slow stage.',
    invariant: false,
  };
}

function earliest(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.min(...times);
}
