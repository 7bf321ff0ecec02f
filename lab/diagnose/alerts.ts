import type { PrometheusAlert } from '../observe/prometheus-client.ts';
import { diagnoseCommand, type Finding } from './finding.ts';
import { orUnknown } from './measured.ts';
import { alertKey, type OverviewReadings } from './read-overview.ts';
import { timeOfDay } from './units.ts';

const severities = ['critical', 'high', 'warning', 'low'];

/** The alerts that fire, and those that are about to, with what silences or inhibits them. */
export function describeAlerts({ alerts, suppressed }: OverviewReadings): Finding[] {
  const muted = 'value' in suppressed ? suppressed.value : undefined;
  return [
    ...orUnknown('alerts', alerts, (all) => describeActive(all, muted), diagnoseCommand('prometheus')),
    ...('reason' in suppressed
      ? orUnknown('silences', suppressed, () => [], diagnoseCommand('alertmanager'))
      : []),
  ];
}

function describeActive(
  all: readonly PrometheusAlert[],
  muted: ReadonlySet<string> | undefined,
): readonly Finding[] {
  const active = all
    .filter(({ labels, state }) => labels.alertname !== 'Watchdog' && state !== 'inactive')
    .toSorted((a, b) => order(a) - order(b));
  const watchdog = all.some(({ labels, state }) => labels.alertname === 'Watchdog' && state === 'firing');
  return [
    ...(watchdog ? [] : [silentWatchdog]),
    ...(active.length === 0 ? [{ subject: 'alerts', verdict: 'ok', text: 'none fires' } as const] : []),
    ...active.map((one) => describeAlert(one, muted?.has(alertKey(one.labels)) === true)),
  ];
}

const silentWatchdog: Finding = {
  subject: 'Watchdog',
  verdict: 'wrong',
  text: 'does not fire, and it always should: the rules are not evaluated, so no alert can be trusted',
  next: diagnoseCommand('prometheus'),
};

const order = ({ labels, state }: PrometheusAlert): number =>
  (state === 'firing' ? 0 : 10) + ((severities.indexOf(labels.severity ?? '') + 5) % 5);

function describeAlert({ labels, annotations, state, activeAt }: PrometheusAlert, muted: boolean): Finding {
  const { alertname = '', severity = '', instance = '' } = labels;
  const since = activeAt === undefined ? '' : `, true since ${timeOfDay(Date.parse(activeAt))}`;
  const firing = state === 'firing';
  return {
    subject: alertname,
    verdict: firing && severity !== 'low' ? 'wrong' : 'notable',
    text: `${firing ? 'fires' : 'is pending'}${since} (${severity}${muted ? ', tells nobody: silenced or inhibited' : ''}): ${annotations.summary ?? instance}`,
    next: annotations.runbook_url,
    facts: { alertname, severity, instance, state, activeAt: activeAt ?? null, suppressed: muted },
  };
}
