import { dashboard } from './dashboard.ts';
import { graph, stat, states, table } from './panels.ts';
import { promql, services } from './queries.ts';

export const executive = dashboard({
  uid: 'executive',
  description: 'Are users served well, and is anybody called? Red here is a reason to go one level down.',
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Availability',
          description:
            'Share of users’ requests that did not end in a 5xx, over the long fast burn window. Objective: 99.9 %.',
          unit: 'percentunit',
          decimals: 2,
          color: 'red',
          steps: [
            [0.99, 'orange'],
            [0.999, 'green'],
          ],
          queries: [promql('1 - slo:availability:error_ratio{window="fast_long"}')],
        }),
        stat({
          title: 'Error budget left',
          description:
            'What remains of the failures that the objective allows in its window; below zero it is overspent.',
          unit: 'percentunit',
          decimals: 1,
          color: 'red',
          steps: [
            [0, 'orange'],
            [0.5, 'green'],
          ],
          queries: [promql('slo:availability:error_budget_remaining')],
        }),
        stat({
          title: 'Requests',
          description:
            'Users’ requests a second at the gateway. Without traffic every other number here says little.',
          unit: 'reqps',
          decimals: 1,
          color: 'blue',
          queries: [promql('job:http_requests:rate{job="gateway"}')],
        }),
        stat({
          title: 'p95 latency',
          description: '95 of 100 requests at the gateway are answered faster than this. Objective: 200 ms.',
          unit: 's',
          steps: [
            [0.2, 'orange'],
            [0.3, 'red'],
          ],
          queries: [promql('gateway:http_request_duration_seconds:p95')],
        }),
        stat({
          title: 'Alerts firing',
          description:
            'Alerts that fire now. Watchdog always fires, to prove that alerting works, and is not counted.',
          unit: 'short',
          steps: [[1, 'red']],
          queries: [promql('count(ALERTS{alertstate="firing", alertname!="Watchdog"}) or vector(0)')],
        }),
        stat({
          title: 'Processes up',
          description: 'Share of the lab’s own processes that Prometheus can scrape.',
          unit: 'percentunit',
          color: 'red',
          steps: [[1, 'green']],
          queries: [promql(`avg(up{${services}})`)],
        }),
      ],
    },
    {
      title: 'What users meet',
      panels: [
        graph({
          title: 'Error ratio',
          description: 'Share of requests that end in a 5xx. HighErrorRate pages above the line, at 5 %.',
          unit: 'percentunit',
          limit: 0.05,
          queries: [promql('job:http_requests:error_ratio{job=~"gateway|api"}', '{{job}}')],
        }),
        graph({
          title: 'p95 latency at the gateway',
          description:
            'The line is the objective, 200 ms. A rise here with calm replicas below is the gateway’s own, or the network’s.',
          unit: 's',
          limit: 0.2,
          queries: [promql('gateway:http_request_duration_seconds:p95', 'p95')],
        }),
        graph({
          title: 'Requests',
          description:
            'Users’ requests a second, by service. Retries make the API’s number exceed the gateway’s.',
          unit: 'reqps',
          queries: [promql('job:http_requests:rate{job=~"gateway|api"}', '{{job}}')],
        }),
        graph({
          title: 'Error budget left',
          description:
            'A slope is a burn. How steep it is, and who is paged for it, stands on the SLO dashboard.',
          unit: 'percentunit',
          max: 1,
          queries: [promql('slo:availability:error_budget_remaining', 'availability')],
        }),
      ],
    },
    {
      title: 'Who is affected',
      panels: [
        states({
          title: 'Processes',
          description: 'Which process could be scraped, and when. Click a lane for the instance.',
          unit: 'bool',
          states: { 0: { text: 'down', color: 'red' }, 1: { text: 'up', color: 'green' } },
          drill: { title: 'Open the instance', uid: 'instance' },
          queries: [promql(`up{${services}}`, '{{instance}}')],
        }),
        table({
          title: 'Firing alerts',
          description:
            'What fires now, with its severity and the instance. The notification in the inbox links to the runbook.',
          unit: 'none',
          height: 6,
          queries: [
            promql(
              'sum by (alertname, severity, service, instance) (ALERTS{alertstate="firing", alertname!="Watchdog"})',
              '',
              { instant: true, format: 'table' },
            ),
          ],
        }),
      ],
    },
  ],
});
