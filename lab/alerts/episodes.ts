import type { RangeSeries } from '../observe/prometheus-client.ts';

/**
 * A ticket: mail about a state that has built up for long (a budget nearly spent), for working hours. It interrupts
 * nobody, so that it is not measured by what users feel at the moment.
 */
export const ticketSeverity = 'low';

/** An alert that fires without a break: one alert of one set of labels. */
export interface Episode {
  readonly alertname: string;
  readonly severity: string;
  /** Without `alertname`, `alertstate` and `severity`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly fromMs: number;
  /** Its last evaluation that fired. */
  readonly toMs: number;
}

/** Severities that reach a person at once, by page or chat; the others are mail that somebody reads later. */
export const urgentSeverities: readonly string[] = ['critical', 'high', 'warning'];

/** The episodes of `ALERTS{alertstate="firing"}`, as a range query gives it. */
export function firedEpisodes(series: readonly RangeSeries[], stepSeconds: number): Episode[] {
  return series.flatMap(({ labels, points }) =>
    runsOf(points, stepSeconds).map((run) => ({ ...about(labels), ...run })),
  );
}

/** A rule, as far as a replay needs it. */
export interface ReplayedRule {
  readonly alertname: string;
  readonly severity: string;
  /** How long the expression has to hold before it fires. */
  readonly forSeconds: number;
  readonly keepFiringForSeconds?: number;
}

/**
 * When a rule would have fired, had it been in force: its expression as a range query over the past, at the rule's own
 * interval. The expression has to hold for `forSeconds` at every evaluation, as Prometheus wants it.
 * Source: Prometheus, "Alerting rules".
 */
export function replayedEpisodes(
  rule: ReplayedRule,
  series: readonly RangeSeries[],
  stepSeconds: number,
): Episode[] {
  const keepMs = 1000 * (rule.keepFiringForSeconds ?? 0);
  return series.flatMap(({ labels, points }) => {
    const firing = runsOf(points, stepSeconds).flatMap(({ fromMs, toMs }) => {
      const firesAtMs = fromMs + 1000 * rule.forSeconds;
      return firesAtMs > toMs ? [] : [{ fromMs: firesAtMs, toMs: toMs + keepMs }];
    });
    return firing.map((run) => ({
      ...about({ ...labels, alertname: rule.alertname, severity: rule.severity }),
      ...run,
    }));
  });
}

function about(labels: Readonly<Record<string, string>>): Pick<Episode, 'alertname' | 'severity' | 'labels'> {
  const { alertname = '', severity = '', alertstate: _, ...rest } = labels;
  return { alertname, severity, labels: rest };
}

/** Points without a gap. */
function runsOf(
  points: RangeSeries['points'],
  stepSeconds: number,
): { readonly fromMs: number; readonly toMs: number }[] {
  const runs: { fromMs: number; toMs: number }[] = [];
  for (const { timestampMs } of points) {
    const last = runs.at(-1);
    if (last !== undefined && timestampMs - last.toMs <= 1500 * stepSeconds) last.toMs = timestampMs;
    else runs.push({ fromMs: timestampMs, toMs: timestampMs });
  }
  return runs;
}
