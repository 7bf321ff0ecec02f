import { element, moment, tableOf } from '../dom.ts';
import { annotationCell, labelList, rowButton, stateBadge } from './alert-cells.ts';
import {
  type AlertGroup,
  type GroupedAlert,
  type Labels,
  matcherText,
  type Silence,
} from './alerting-data.ts';
import { nameOf } from './rules-table.ts';

/** What Alertmanager notifies of together, and whom. */
export function groupTables(groups: readonly AlertGroup[], silence: (labels: Labels) => void): HTMLElement[] {
  return groups.flatMap(({ labels, receiver, alerts }) => {
    const by = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
    return [
      element('h3', {}, `${by.join(' ') || 'not grouped'} → ${receiver.name}`),
      tableOf(
        ['State', 'Since', 'Labels', 'Annotations', 'Action'],
        alerts.map((alert) => [
          groupedState(alert),
          moment(Date.parse(alert.startsAt)).slice(0, 19),
          labelList(alert.labels),
          annotationCell(alert.annotations, `${receiver.name} ${alert.fingerprint}`),
          rowButton('Silence', `${nameOf(alert.labels)} → ${receiver.name}`, () => silence(alert.labels)),
        ]),
      ),
    ];
  });
}

function groupedState({
  status: { state, silencedBy, inhibitedBy, mutedBy = [] },
}: GroupedAlert): HTMLElement {
  const why = [
    ...(silencedBy.length > 0 ? ['silenced'] : []),
    ...(inhibitedBy.length > 0 ? ['inhibited'] : []),
    ...(mutedBy.length > 0 ? ['muted'] : []),
  ];
  return element('div', {}, stateBadge(state), why.length === 0 ? '' : ` ${why.join(', ')}`);
}

/** Who silenced what, why and until when; what is over stands apart. */
export function silenceTables(
  silences: readonly Silence[],
  expire: (silence: Silence) => void,
): HTMLElement[] {
  const over = silences.filter(({ status }) => status.state === 'expired');
  const standing = silences.filter(({ status }) => status.state !== 'expired');
  const parts: HTMLElement[] = [
    standing.length === 0 ? element('p', {}, 'Nothing is silenced.') : silenceTable(standing, expire),
  ];
  if (over.length > 0) {
    const past = element(
      'details',
      {},
      element('summary', {}, `Expired (${over.length})`),
      silenceTable(over),
    );
    past.dataset.key = 'expired silences';
    parts.push(past);
  }
  return parts;
}

function silenceTable(silences: readonly Silence[], expire?: (silence: Silence) => void): HTMLElement {
  return tableOf(
    ['State', 'What', 'Who', 'Why', 'Until', ...(expire === undefined ? [] : ['Action'])],
    silences.map((silence) => {
      const what = silence.matchers.map(matcherText).join(', ');
      return [
        stateBadge(silence.status.state),
        element('code', {}, what),
        silence.createdBy,
        silence.comment,
        moment(Date.parse(silence.endsAt)).slice(0, 19),
        ...(expire === undefined
          ? []
          : [rowButton('Expire', `${what} of ${silence.createdBy}`, () => expire(silence))]),
      ];
    }),
  );
}
