import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

export const grafanaVersion = '13.2.1-embedded';

/** Process metrics, the build, and requests by status under Grafana's names. */
export function createMetrics(): { registry: Registry; request(status: number): void } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Gauge({
    name: 'grafana_build_info',
    help: "A metric with a constant '1' value labeled by version",
    labelNames: ['version', 'edition'],
    registers,
  }).set({ version: grafanaVersion, edition: 'embedded' }, 1);
  const statuses = new Counter({
    name: 'grafana_page_response_status_total',
    help: 'page http response status',
    labelNames: ['code'],
    registers,
  });
  return { registry, request: (status) => statuses.inc({ code: String(status) }) };
}
