import { dashboard } from './dashboard.ts';
import { graph, logs, stat } from './panels.ts';
import { logql, promql } from './queries.ts';

const routes = 'job="api", endpoint=~".*/auth/.*"';
const answered = `sum by (instance) (rate(http_requests_total{${routes}}[$__rate_interval]))`;

export const authentication = dashboard({
  uid: 'authentication',
  description: 'Can people register and log in? Who cannot is lost before any other route is asked.',
  rows: [
    {
      title: 'Service level',
      panels: [
        stat({
          title: 'Availability of register and login',
          description: 'Share of register and login requests that did not end in a 5xx. Objective: 99.95 %.',
          unit: 'percentunit',
          width: 6,
          decimals: 3,
          color: 'red',
          steps: [
            [0.99, 'orange'],
            [0.9995, 'green'],
          ],
          queries: [promql('1 - slo:authentication:error_ratio')],
        }),
        stat({
          title: 'Logins that succeed',
          description:
            'Share of the password checks within the range that succeeded. A fall without 5xx is wrong passwords: a bug in a client, or an attack.',
          unit: 'percentunit',
          width: 6,
          decimals: 1,
          color: 'orange',
          steps: [[0.8, 'green']],
          queries: [
            promql(
              'sum(increase(authentication_attempts_total{method="password", success="true"}[$__range])) / sum(increase(authentication_attempts_total{method="password"}[$__range]))',
            ),
          ],
        }),
        stat({
          title: 'Tokens refused',
          description: 'Requests a second that came with a token that is not valid, or no longer.',
          unit: 'reqps',
          width: 6,
          steps: [[1, 'orange']],
          queries: [
            promql(
              'sum(rate(authentication_attempts_total{method="token", success="false"}[$__rate_interval])) or vector(0)',
            ),
          ],
        }),
        stat({
          title: 'Registrations',
          description:
            'New users within the range. NoUserRegistrations warns when there is traffic and nobody registers.',
          unit: 'short',
          decimals: 0,
          width: 6,
          color: 'blue',
          queries: [
            promql('sum(increase(user_registrations_total{status="success"}[$__range])) or vector(0)'),
          ],
        }),
      ],
    },
    {
      title: 'Rate, errors, duration',
      panels: [
        graph({
          title: 'Attempts',
          description:
            'Proofs of identity a second, by way and outcome. Tokens are checked on every request, passwords only at login.',
          unit: 'reqps',
          width: 8,
          queries: [
            promql(
              'sum by (method, success) (rate(authentication_attempts_total[$__rate_interval]))',
              '{{method}} success={{success}}',
            ),
          ],
        }),
        graph({
          title: 'Answers by status',
          description: '401 is a refusal and works as meant; 5xx counts against the objective.',
          unit: 'reqps',
          width: 8,
          stacked: true,
          queries: [
            promql(
              `sum by (endpoint, status) (rate(http_requests_total{${routes}}[$__rate_interval]))`,
              '{{endpoint}} {{status}}',
            ),
          ],
        }),
        graph({
          title: 'p95 duration',
          description:
            'Hashing a password takes tens of milliseconds on purpose: these routes are the slowest healthy ones, and the first to suffer when CPU is short.',
          unit: 's',
          width: 8,
          limit: 0.3,
          queries: [
            promql(
              `histogram_quantile(0.95, sum by (endpoint, le) (rate(http_request_duration_seconds_bucket{${routes}}[$__rate_interval])))`,
              '{{endpoint}}',
              { exemplars: true },
            ),
          ],
        }),
        graph({
          title: 'Registrations by outcome',
          description: 'Attempts to register a second: success, duplicate or error.',
          unit: 'reqps',
          queries: [
            promql('sum by (status) (rate(user_registrations_total[$__rate_interval]))', '{{status}}'),
          ],
        }),
        graph({
          title: 'Error ratio by replica',
          description:
            'Share of register and login requests that end in a 5xx. One replica alone points at that process, all at the database.',
          unit: 'percentunit',
          drill: { title: 'Open the instance', uid: 'instance' },
          queries: [
            promql(
              `(sum by (instance) (rate(http_requests_total{${routes}, status=~"5.."}[$__rate_interval])) or ${answered} * 0) / ${answered}`,
              '{{instance}}',
            ),
          ],
        }),
      ],
    },
    {
      title: 'Lines',
      panels: [
        logs({
          title: 'Refused and failed',
          description:
            'Register and login requests that ended in a 4xx or 5xx. Each line leads to its trace.',
          queries: [
            logql('{app="notes", service="api"} |= "/auth/" | json | path=~".*/auth/.*" | status >= 400'),
          ],
        }),
      ],
    },
  ],
});
