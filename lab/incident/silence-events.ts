import type { EventLog } from '../events/event-log.ts';
import type { AlertmanagerClient, Silence } from '../observe/alertmanager-client.ts';
import { ObserveError } from '../observe/observe-error.ts';

/** Whose silences are no events: exercises try wrong repairs by themselves. */
export const byTheLab = 'the lab';

/** `alertname="HighLatency", instance=~"api-.*"`. */
export const describeMatchers = ({ matchers }: Pick<Silence, 'matchers'>): string =>
  matchers
    .map(({ name, value, isRegex, isEqual }) => {
      const operator = isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!=';
      return `${name}${operator}"${value}"`;
    })
    .join(', ');

/** How the event log knows a silence that began, or ended. */
export const silenceEvent = (id: string, what: 'begin' | 'end'): string => `${id} ${what}`;

/**
 * Brings the event log up to date with Alertmanager's silences, whoever made them and with what: Grafana, amtool, the
 * API. Each beginning and each end is in it once, at its own time. An Alertmanager that does not answer is asked the
 * next time.
 */
export async function recordSilences(
  {
    observe: { alertmanager },
    events,
  }: {
    readonly observe: { readonly alertmanager: Pick<AlertmanagerClient, 'silences'> };
    readonly events: EventLog;
  },
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const silences = await alertmanager.silences(options).catch((error: unknown) => {
    if (error instanceof ObserveError) return [];
    throw error;
  });
  const known = new Set(events.read({ kinds: ['silence'] }).map(({ details }) => details?.silenceEvent));
  for (const silence of silences) {
    const { id, status, createdBy, comment, startsAt, endsAt } = silence;
    if (createdBy === byTheLab || status.state === 'pending') continue;
    const what = describeMatchers(silence);
    const add = (part: 'begin' | 'end', at: string, text: string): void => {
      const event = silenceEvent(id, part);
      if (known.has(event)) return;
      events.append({ at, kind: 'silence', actor: 'learner', text, details: { silenceEvent: event, id } });
    };
    add('begin', startsAt, `${what} is silenced by ${createdBy}: ${comment}`);
    if (status.state === 'expired') add('end', endsAt, `${what} is silenced no more: ${endOf(silence)}`);
  }
}

/** What ends a silence by hand changes it at its end; one whose time is over was changed before. */
const endOf = ({ updatedAt, endsAt }: Silence): string =>
  Math.abs(Date.parse(updatedAt) - Date.parse(endsAt)) < 1000 ? 'ended by hand' : 'its time is over';
