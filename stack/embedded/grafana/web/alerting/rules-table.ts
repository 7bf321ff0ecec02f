import { exploreUrl } from '../../pages/explore-url.ts';
import { element, moment, tableOf } from '../dom.ts';
import { formatValue } from '../format.ts';
import { numberOf } from '../series.ts';
import type { RulesView } from '../view.ts';
import { annotationCell, labelList, rowButton, stateBadge } from './alert-cells.ts';
import {
  type ActiveAlert,
  type AlertGroup,
  type AlertingRule,
  isSameAlert,
  type Labels,
} from './alerting-data.ts';

export interface RulesContext {
  readonly view: RulesView;
  /** To see which alert is silenced. */
  readonly groups: readonly AlertGroup[];
  readonly silence: (labels: Labels) => void;
}

/** Every alerting rule: a row for each of its alerts, or one that says that it is inactive. */
export function rulesTable(rules: readonly AlertingRule[], context: RulesContext): HTMLElement {
  return tableOf(
    ['State', 'Alert', 'Since', 'Value', 'Labels', 'Annotations', 'Action'],
    rules.flatMap((rule) =>
      rule.alerts.length === 0
        ? [inactiveRow(rule, context)]
        : rule.alerts.map((alert) => alertRow(rule, alert, context)),
    ),
  );
}

function inactiveRow(rule: AlertingRule, { view }: RulesContext): (Node | string)[] {
  return [
    stateBadge(rule.state),
    ruleCell(rule, view),
    '',
    '',
    labelList(rule.labels),
    annotationCell(rule.annotations, rule.name),
    '',
  ];
}

function alertRow(
  rule: AlertingRule,
  alert: ActiveAlert,
  { view, groups, silence }: RulesContext,
): (Node | string)[] {
  const sent = groups.flatMap(({ alerts }) => alerts).find(({ labels }) => isSameAlert(labels, alert.labels));
  const state = element('div', {}, stateBadge(alert.state));
  if ((sent?.status.silencedBy.length ?? 0) > 0) state.append(' ', stateBadge('silenced'));
  const name = `${rule.name} ${JSON.stringify(alert.labels)}`;
  return [
    state,
    ruleCell(rule, view),
    moment(Date.parse(alert.activeAt)).slice(0, 19),
    formatValue(numberOf(alert.value), 'none'),
    labelList(alert.labels),
    annotationCell(alert.annotations, name),
    view.alertmanager === undefined
      ? ''
      : rowButton('Silence', nameOf(alert.labels), () => silence(alert.labels)),
  ];
}

/** `HighLatency, api-1`: told apart where several replicas fire. */
export const nameOf = ({ alertname = 'alert', instance, service }: Labels): string =>
  [alertname, instance ?? service].filter((part) => part !== undefined).join(', ');

function ruleCell(
  { name, query, duration, lastError, health }: AlertingRule,
  { prometheus }: RulesView,
): HTMLElement {
  const address = exploreUrl({ uid: prometheus, type: 'prometheus' }, query, { range: true });
  const cell = element('div', {}, element('a', { href: address, title: query }, name));
  if (duration > 0) cell.append(element('small', {}, ` for ${formatValue(duration, 's')}`));
  if (health === 'err')
    cell.append(element('p', { className: 'error' }, lastError ?? 'The rule cannot be evaluated.'));
  return cell;
}
