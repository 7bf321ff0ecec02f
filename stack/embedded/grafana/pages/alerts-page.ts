import type { DataSource } from '../provisioning/data-sources.ts';
import type { AlertingView, RulesView } from '../web/view.ts';
import { layout, scriptJson } from './layout.ts';

/**
 * The alerting rules of every Prometheus, and what every Alertmanager groups and silences. A Prometheus names its
 * Alertmanager by `alertmanagerUid`; otherwise it is the only one there is.
 */
export function alertsPage(sources: readonly DataSource[]): string {
  const managers = sources.filter(({ type }) => type === 'alertmanager');
  const rules = sources
    .filter(({ type }) => type === 'prometheus')
    .map(({ uid, name, jsonData }): RulesView => {
      const named = managers.find((one) => one.uid === jsonData.alertmanagerUid) ?? managers[0];
      return { prometheus: uid, name, alertmanager: named?.uid };
    });
  const view: AlertingView = { rules, managers: managers.map(({ uid, name }) => ({ uid, name })) };
  return layout(
    'Alert rules',
    `<h1>Alerts</h1><p id="count" role="status"></p>
<h2 id="rules-title">Alerting rules</h2><div id="rules"></div>
<h2 id="groups-title">Alertmanager: groups</h2><div id="groups"></div>
<h2 id="silences-title">Silences</h2><div id="silences"></div>
<dialog id="silence" aria-labelledby="silence-title"></dialog>`,
    { data: scriptJson(view), script: 'alerts' },
  );
}
