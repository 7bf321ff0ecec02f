import type { Incident } from './incident.ts';
import { severityTerms } from './severity.ts';

/** How an incident stands to the target of its severity. Moments in milliseconds since the epoch. */
export interface Response {
  /** Until when somebody has to work on it. */
  readonly respondByMs: number;
  /** When somebody first took a page, or a role. */
  readonly respondedAtMs: number | undefined;
  /** When the next person is to be called, while nobody works on it; undefined where nobody is. */
  readonly callNextAtMs: number | undefined;
}

/**
 * The target counts from the moment in which the incident got the severity that it has: nobody can have missed it
 * before. `secondsAMinute`: what a minute of people's work takes at this pace.
 */
export function responseOf(
  incident: Pick<Incident, 'severity' | 'gradedAtMs' | 'assignedAtMs'>,
  acknowledgedAtMs: number | null,
  secondsAMinute: number,
): Response {
  const { respondMinutes, escalateMinutes } = severityTerms[incident.severity];
  const after = (minutes: number): number => incident.gradedAtMs + 1000 * minutes * secondsAMinute;
  const times = [acknowledgedAtMs ?? undefined, incident.assignedAtMs].filter((one) => one !== undefined);
  return {
    respondByMs: after(respondMinutes),
    respondedAtMs: times.length === 0 ? undefined : Math.min(...times),
    callNextAtMs: escalateMinutes === undefined ? undefined : after(escalateMinutes),
  };
}

/** The same in words, as of now. */
export function describeResponse(
  { respondByMs, respondedAtMs, callNextAtMs }: Response,
  nowMs: number,
  isOver: boolean,
): string[] {
  if (respondedAtMs !== undefined) {
    const late = respondedAtMs - respondByMs;
    return [
      late <= 0
        ? 'Target of its severity: met, somebody works on it.'
        : `Target of its severity: missed by ${span(late)}; somebody works on it.`,
    ];
  }
  if (isOver) return ['Target of its severity: missed, by the records nobody worked on it.'];
  const left = respondByMs - nowMs;
  const next =
    callNextAtMs === undefined
      ? ''
      : callNextAtMs <= nowMs
        ? ' Call the next person now.'
        : ` Call the next person in ${span(callNextAtMs - nowMs)}.`;
  return [
    `Target of its severity: ${left > 0 ? `${span(left)} left until somebody works on it.` : `missed ${span(-left)} ago, and nobody works on it.`}${next}`,
    'Take the page (npm run lab -- inbox --ack <id>), or a role: npm run lab -- incident role commander',
  ];
}

/** Seconds below two minutes, minutes below two hours, then hours. */
function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
