import { labelList, stateBadge } from '../alerting/alert-cells.ts';
import { fetchRules } from '../alerting/alerting-data.ts';
import { element, moment } from '../dom.ts';
import { type Draw, NothingFound } from './panel.ts';

/** The alerts of the states that the panel asks for, what fires first. */
export const drawAlertList: Draw = ({ alertList }, host) => {
  const list = element('ul', { className: 'alert-list' });
  host.append(list);
  return async () => {
    if (alertList === undefined) throw new Error('There is no data source of type prometheus.');
    const { prometheus, states, limit } = alertList;
    const rows = (await fetchRules(prometheus)).flatMap(({ name, state, labels, alerts }) =>
      alerts.length === 0
        ? [{ name, state, labels, since: '' }]
        : alerts.map((alert) => ({ name, state: alert.state, labels: alert.labels, since: alert.activeAt })),
    );
    const shown = rows.filter(({ state }) => states.includes(state)).slice(0, limit);
    if (shown.length === 0) throw new NothingFound();
    list.replaceChildren(
      ...shown.map(({ name, state, labels, since }) =>
        element(
          'li',
          {},
          stateBadge(state),
          element('a', { href: '/alerting/list' }, name),
          labelList(labels),
          since === '' ? '' : element('time', {}, moment(Date.parse(since)).slice(11, 19)),
        ),
      ),
    );
  };
};
