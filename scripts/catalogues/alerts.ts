import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { faultSigns } from '../../lab/faults/signs.ts';
import { codes, page, table } from './markdown.ts';

interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface Routing {
  readonly route: { readonly routes: readonly { matchers: readonly string[]; receiver: string }[] };
  readonly receivers: readonly Receiver[];
}

interface Receiver {
  readonly name: string;
  readonly pagerduty_configs?: readonly unknown[];
  readonly slack_configs?: readonly { readonly channel: string }[];
  readonly email_configs?: readonly unknown[];
  readonly webhook_configs?: readonly unknown[];
}

/** `PagerDuty, Slack #incidents`: whom Alertmanager tells of an alert with this severity. */
function toldBy({ route, receivers }: Routing, { alert, labels }: AlertRule): string {
  const matches = (matcher: string): boolean =>
    matcher === `alertname = "${alert}"` || matcher === `severity = "${labels.severity}"`;
  const name = route.routes.find(({ matchers }) => matchers.every(matches))?.receiver;
  const receiver = receivers.find((one) => one.name === name);
  return [
    ...(receiver?.pagerduty_configs ? ['PagerDuty'] : []),
    ...(receiver?.slack_configs ?? []).map(({ channel }) => `Slack ${channel}`),
    ...(receiver?.email_configs ? ['e-mail'] : []),
    ...(receiver?.webhook_configs ? ['webhook'] : []),
  ].join(', ');
}

/** The first paragraph of the alert's runbook: what its expression means. */
function meaning(root: string, alert: string): string {
  const [, paragraph = ''] = readFileSync(join(root, 'stack/runbooks', `${alert}.md`), 'utf8').split('\n\n');
  return paragraph.trim();
}

/** Names of the alerts that the shipped rules define, in the order of the file. */
export function alertRules(root: string): AlertRule[] {
  const text = readFileSync(join(root, 'stack/prometheus/rules/alerts.yml'), 'utf8');
  const { groups } = parse(text) as { groups: { rules: AlertRule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** `stack/ALERTS.md`: every alert, whom it tells, what it means, and which fault makes it fire. */
export function alertsPage(root: string): string {
  const routing = parse(readFileSync(join(root, 'stack/alertmanager/alertmanager.yml'), 'utf8')) as Routing;
  const rules = alertRules(root);
  const byTeam = rules.some(({ labels }) => labels.team !== undefined);
  const faultsOf = (alert: string): string[] =>
    Object.entries(faultSigns).flatMap(([fault, { alerts }]) => (alerts.includes(alert) ? [fault] : []));
  return page('Alerts', 'stack/prometheus/rules/alerts.yml, the runbooks and lab/faults/signs.ts', [
    `Severity decides who is told ([\`alertmanager.yml\`](alertmanager/alertmanager.yml)); everything arrives in the inbox. \`\${…}\` stands for what the [pace](pace.ts) sets. Which fault shows what else: [faults](../lab/docs/faults.md).`,
    table(
      ['Alert', 'Severity', 'Service', ...(byTeam ? ['Team'] : []), 'Tells', 'Fires when', 'Made to fire by'],
      rules.map((rule) => [
        `[${rule.alert}](runbooks/${rule.alert}.md)`,
        rule.labels.severity ?? '',
        rule.labels.service?.replaceAll(/{{ \$labels\.(\w+) }}/g, 'of the $1') ?? '',
        ...(byTeam ? [rule.labels.team ?? ''] : []),
        toldBy(routing, rule),
        meaning(root, rule.alert),
        codes(faultsOf(rule.alert)),
      ]),
    ),
    '## Expressions',
    table(
      ['Alert', 'Expression', 'For'],
      rules.map(({ alert, expr, for: lasts }) => [
        alert,
        `\`${expr.trim().replace(/\s+/g, ' ')}\``,
        lasts === undefined ? 'at once' : `\`${lasts}\``,
      ]),
    ),
  ]);
}
