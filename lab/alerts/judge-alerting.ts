import type { Interval } from '../traffic/ledger.ts';
import { type Episode, ticketSeverity, urgentSeverities } from './episodes.ts';

/** How good alerting was: what fired, against what users felt. */
export interface AlertingQuality {
  readonly episodes: number;
  /** Episodes that began while users were harmed. Only those that interrupt a person count: see `ticketSeverity`. */
  readonly founded: number;
  /** Founded of all; undefined where nothing fired. */
  readonly precision: number | undefined;
  /** Stretches of harm that were long enough ago to be judged. */
  readonly stretches: number;
  readonly told: number;
  /** Told in time of all stretches; undefined where nobody was harmed. */
  readonly recall: number | undefined;
  /** What nobody was told in time. */
  readonly missed: readonly Interval[];
  /** What fired although no user felt anything. */
  readonly unfounded: readonly Episode[];
}

/** The client's second and the rule's evaluation need not be the same. */
const jitterMs = 2_000;

/**
 * Precision and recall of alerting. An episode is founded when it begins while users are harmed; a stretch of harm
 * counts as told when `tells` says so. A stretch that began less than `limitMs` before the end is not judged: nobody can
 * have been late yet. Nor is what was under way when the interval began, be it an episode or a stretch of harm.
 */
export function judgeAlerting(
  episodes: readonly Episode[],
  stretches: readonly Interval[],
  interval: Interval,
  {
    limitMs,
    tells = episodesTell(episodes),
  }: {
    readonly limitMs: number;
    /** Whether somebody was told between these two moments. */
    readonly tells?: (fromMs: number, toMs: number) => boolean;
  },
): AlertingQuality {
  const within = episodes.filter(
    ({ severity, fromMs }) =>
      severity !== ticketSeverity && fromMs >= interval.fromMs + jitterMs && fromMs < interval.toMs,
  );
  const unfounded = within.filter(({ fromMs }) => !stretches.some((one) => covers(one, fromMs)));
  const judged = judgedStretches(stretches, interval, limitMs);
  const missed = judged.filter(({ fromMs }) => !tells(fromMs - jitterMs, fromMs + limitMs));
  const founded = within.length - unfounded.length;
  const told = judged.length - missed.length;
  return {
    episodes: within.length,
    founded,
    precision: within.length === 0 ? undefined : founded / within.length,
    stretches: judged.length,
    told,
    recall: judged.length === 0 ? undefined : told / judged.length,
    missed,
    unfounded,
  };
}

/** Those of which it can be said whether somebody was told in time. */
export function judgedStretches(
  stretches: readonly Interval[],
  interval: Interval,
  limitMs: number,
): Interval[] {
  return stretches.filter(
    ({ fromMs }) => fromMs >= interval.fromMs + jitterMs && fromMs + limitMs <= interval.toMs,
  );
}

function covers({ fromMs, toMs }: Interval, momentMs: number): boolean {
  return momentMs >= fromMs - jitterMs && momentMs <= toMs + jitterMs;
}

/** An alert that reaches a person at once begins to fire. */
function episodesTell(episodes: readonly Episode[]): (fromMs: number, toMs: number) => boolean {
  const urgent = episodes.filter(({ severity }) => urgentSeverities.includes(severity));
  return (fromMs, toMs) => urgent.some((one) => one.fromMs >= fromMs && one.fromMs <= toMs);
}
