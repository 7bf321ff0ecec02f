import { parse } from 'yaml';
import { z } from 'zod';
import type { DetectionPlan, ExerciseContext } from '../model/model.ts';
import { type CheckResult, secondsAt } from './run-check.ts';

export interface LimitPart {
  readonly name: string;
  readonly ms: number;
  readonly why: string;
}

/** The intervals of the alert's pipeline, as its servers say them. */
export interface Pipeline {
  readonly scrapeMs: number;
  /** Of the alert's own group of rules. */
  readonly evaluationMs: number;
  readonly forMs: number;
  readonly groupWaitMs: number;
}

export interface Detection {
  readonly alertname: string;
  readonly labels: Readonly<Record<string, string>>;
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

/** How long detection took, and how long it might have taken. */
export function describeDetection({ actualMs, limitMs }: Pick<Detection, 'actualMs' | 'limitMs'>): string {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const limits = `its intervals add up to ${seconds(limitMs)}, at most ${seconds(detectionTolerance * limitMs)}`;
  return `detected ${actualMs === null ? 'never' : `in ${seconds(actualMs)}`} (${limits})`;
}

/**
 * The theoretical limit of detection: each interval of the pipeline in its worst case, end to end. A sample may have to
 * wait for the next scrape, a recording rule for its next evaluation where there is one, the alerting rule for its own,
 * then `for` runs, then Alertmanager waits for the group. Parts of no length are left out.
 */
export function detectionLimit(
  { scrapeMs, evaluationMs, forMs, groupWaitMs }: Pipeline,
  onset: { readonly seconds: number; readonly why: string },
  evaluations: DetectionPlan['evaluations'],
): LimitPart[] {
  return [
    { name: 'onset', ms: Math.round(onset.seconds * 1000), why: onset.why },
    { name: 'scrape', ms: scrapeMs, why: 'what happened waits for the next scrape' },
    ...(evaluations === 2
      ? [{ name: 'evaluation', ms: evaluationMs, why: 'the recording rule waits for its evaluation' }]
      : []),
    { name: 'evaluation', ms: evaluationMs, why: 'the alerting rule waits for its own' },
    { name: 'for', ms: forMs, why: 'the condition has to last' },
    { name: 'group_wait', ms: groupWaitMs, why: 'Alertmanager waits for more of the group' },
  ].filter((part) => part.ms > 0);
}

/** Reads from Prometheus when the alert began to fire, and from the inbox when somebody was told. */
export async function measureDetection(plan: DetectionPlan, context: ExerciseContext): Promise<Detection> {
  const { pace, clock, signal, timeline } = context;
  const brokenAtMs = timeline.brokenAtMs ?? timeline.startedAtMs;
  const { alertname, labels = {} } = plan;
  const matchers = Object.entries({ ...labels, alertname, alertstate: 'firing' })
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ');
  const [series, notifications, pipeline] = await Promise.all([
    context.observe.prometheus.queryRange(`ALERTS{${matchers}}`, {
      startMs: brokenAtMs,
      endMs: clock.now(),
      stepSeconds: pace.evaluationIntervalSeconds,
      signal,
    }),
    context.observe.inbox.notifications({ sinceMs: brokenAtMs, alertname, status: 'firing', signal }),
    readPipeline(plan, context),
  ]);
  const firingAtMs = earliest(series.flatMap((one) => one.points.map((point) => point.timestampMs)));
  const { instance } = labels;
  const notifiedAtMs = earliest(
    notifications
      .filter((one) => instance === undefined || one.instances.includes(instance))
      .map((one) => Date.parse(one.receivedAt)),
  );
  const onset = { seconds: secondsAt(plan.onset.seconds, pace), why: plan.onset.why };
  const parts = detectionLimit(pipeline, onset, plan.evaluations);
  const iso = (ms: number | undefined): string | null =>
    ms === undefined ? null : new Date(ms).toISOString();
  return {
    alertname,
    labels,
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
    expected: `at most ${(allowedMs / 1000).toFixed(1)} s (${detectionTolerance} × the ${limitSeconds} s of its intervals)`,
    note: `at most ${allowedMs / 1000} s = ${detectionTolerance} × (${sum})`,
    withinSeconds: allowedMs / 1000,
    at: detection.brokenAt,
    ms: actualMs ?? Math.round(allowedMs),
    link: context.observe.alertmanager.link(),
    next: 'Compare brokenAt, firingAt and notifiedAt in the report: the largest gap names the slow stage.',
  };
}

const route: z.ZodType<Route> = z.lazy(() =>
  z.object({
    matchers: z.array(z.string()).optional(),
    group_wait: z.string().optional(),
    routes: z.array(route).optional(),
  }),
);
interface Route {
  readonly matchers?: readonly string[] | undefined;
  readonly group_wait?: string | undefined;
  readonly routes?: readonly Route[] | undefined;
}

async function readPipeline(plan: DetectionPlan, { observe, signal }: ExerciseContext): Promise<Pipeline> {
  const [rules, prometheusConfig, alertmanagerConfig] = await Promise.all([
    observe.prometheus.rules({ signal }),
    observe.prometheus.config({ signal }),
    observe.alertmanager.config({ signal }),
  ]);
  const rule = rules.find((one) => one.type === 'alerting' && one.name === plan.alertname);
  if (rule === undefined) throw new Error(`Prometheus has no rule for the alert ${plan.alertname}`);
  const global = z
    .object({ global: z.object({ scrape_interval: z.string() }) })
    .parse(parse(prometheusConfig)).global;
  const root = z.object({ route }).parse(parse(alertmanagerConfig)).route;
  const labels = { ...rule.labels, ...plan.labels, alertname: plan.alertname };
  return {
    scrapeMs: milliseconds(global.scrape_interval),
    evaluationMs: rule.groupIntervalSeconds * 1000,
    forMs: (rule.duration ?? 0) * 1000,
    groupWaitMs: milliseconds(groupWait(root, labels) ?? '30s'),
  };
}

/** The group wait of the first route that matches, the nearest one above it where it has none of its own. */
export function groupWait(
  at: Route,
  labels: Readonly<Record<string, string>>,
  inherited?: string,
): string | undefined {
  const own = at.group_wait ?? inherited;
  const child = at.routes?.find((one) => (one.matchers ?? []).every((matcher) => matches(matcher, labels)));
  return child === undefined ? own : groupWait(child, labels, own);
}

/** `name = "value"`, or with `!=`, `=~`, `!~`. */
function matches(matcher: string, labels: Readonly<Record<string, string>>): boolean {
  const [, name = '', operator, quoted = ''] = /^\s*([\w]+)\s*(=~|!~|!=|=)\s*(.*?)\s*$/.exec(matcher) ?? [];
  const value = quoted.replace(/^"(.*)"$/s, '$1');
  const own = labels[name] ?? '';
  switch (operator) {
    case '=':
      return own === value;
    case '!=':
      return own !== value;
    case '=~':
      return new RegExp(`^(?:${value})$`).test(own);
    case '!~':
      return !new RegExp(`^(?:${value})$`).test(own);
    default:
      return false;
  }
}

/** A duration as Prometheus writes it: `1s`, `1m30s`, `500ms`. */
function milliseconds(text: string): number {
  const units: Readonly<Record<string, number>> = {
    ms: 1,
    s: 1_000,
    m: 60_000,
    h: 3_600_000,
    d: 86_400_000,
    w: 604_800_000,
    y: 31_536_000_000,
  };
  return [...text.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0),
    0,
  );
}

function earliest(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.min(...times);
}
