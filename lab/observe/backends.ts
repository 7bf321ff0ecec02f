import type { RunningLab } from '../runtime/runtime.ts';
import { AlertmanagerClient } from './alertmanager-client.ts';
import { GrafanaClient } from './grafana-client.ts';
import { InboxClient } from './inbox-client.ts';
import { JaegerClient } from './jaeger-client.ts';
import { LokiClient } from './loki-client.ts';
import { PrometheusClient } from './prometheus-client.ts';

/** Everything that checks may ask: the public APIs of the backends and of the inbox, nothing of the lab's own memory. */
export interface Backends {
  readonly prometheus: PrometheusClient;
  readonly loki: LokiClient;
  readonly jaeger: JaegerClient;
  readonly alertmanager: AlertmanagerClient;
  readonly grafana: GrafanaClient;
  readonly inbox: InboxClient;
}

/** Clients for a running lab. Nothing is asked yet. */
export function connectBackends(
  lab: Pick<RunningLab, 'address'> & Partial<Pick<RunningLab, 'token'>>,
  options: { readonly grafanaPassword?: string } = {},
): Backends {
  const url = (component: string): string => lab.address(component, 'http', 'host').url;
  return {
    prometheus: new PrometheusClient(url('prometheus')),
    loki: new LokiClient(url('loki')),
    jaeger: new JaegerClient(url('jaeger')),
    alertmanager: new AlertmanagerClient(url('alertmanager')),
    grafana: new GrafanaClient(url('grafana'), options.grafanaPassword),
    inbox: new InboxClient(url('inbox'), lab.token),
  };
}
