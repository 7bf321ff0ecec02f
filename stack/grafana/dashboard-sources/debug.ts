import { CustomVariableBuilder, TextBoxVariableBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { dashboard, instanceVariable } from './dashboard.ts';
import { graph, logs, nodeGraph, table } from './panels.ts';
import { logql, promql, serviceMap, traces, users } from './queries.ts';

const streams = '{app="notes", instance=~"$instance", level=~"$level"} |= `$search`';

export const debug = dashboard({
  uid: 'debug',
  description:
    'Single requests: their lines and their traces. Search for a word, a request ID or a trace ID.',
  variables: [
    instanceVariable({ all: true }),
    new CustomVariableBuilder('level')
      .label('Level')
      .values('error,warn,info,debug')
      .multi(true)
      .includeAll(true)
      .allValue('.+')
      .current({ text: 'All', value: '$__all' }),
    new TextBoxVariableBuilder('search')
      .label('Search')
      .description('A word, a request ID or a trace ID')
      .defaultValue('')
      .current({ text: '', value: '' }),
  ],
  rows: [
    {
      title: 'Where to look',
      panels: [
        graph({
          title: 'Lines by level',
          description:
            'Lines a second that the filters above let through. A burst marks the moment to zoom into.',
          unit: 'short',
          width: 8,
          stacked: true,
          queries: [logql(`sum by (level) (rate(${streams} [$__auto]))`, '{{level}}')],
        }),
        graph({
          title: 'Errors by kind',
          description: 'Requests a second that ended in an error, by instance and kind.',
          unit: 'reqps',
          width: 8,
          queries: [
            promql(
              `sum by (instance, error_type) (rate(http_request_errors_total{instance=~"$instance", ${users}}[$__rate_interval]))`,
              '{{instance}} {{error_type}}',
            ),
          ],
        }),
        graph({
          title: 'p95, with exemplars',
          description:
            'The dots are single requests: each opens its trace. Pick one that lies far above the line.',
          unit: 's',
          width: 8,
          queries: [
            promql(
              `histogram_quantile(0.95, sum by (instance, le) (rate(http_request_duration_seconds_bucket{instance=~"$instance", ${users}}[$__rate_interval])))`,
              '{{instance}}',
              { exemplars: true },
            ),
          ],
        }),
      ],
    },
    {
      title: 'Traces',
      panels: [
        table({
          title: 'Failed',
          description:
            'Traces with a span that failed. A refusal (4xx) is among them: for the gateway, which asked, it is an error.',
          unit: 'none',
          queries: [traces({ service: 'gateway', tags: 'error=true' })],
        }),
        table({
          title: 'Slow',
          description:
            'Traces of at least 300 ms. Open one: the widest span without children is where the time went.',
          unit: 'none',
          queries: [traces({ service: 'gateway', minDuration: '300ms' })],
        }),
        nodeGraph({
          title: 'Who calls whom',
          description:
            'The services that sent traces, and how often one called another, counted by Jaeger from the traces that it kept. A service that is missing sends none, or is not called.',
          unit: 'short',
          queries: [serviceMap()],
        }),
      ],
    },
    {
      title: 'Lines',
      panels: [
        logs({
          title: 'Slow requests',
          description:
            'Requests that took longer than 300 ms, by the line that each writes when it is answered.',
          queries: [logql(`${streams} |= "request completed" | json | duration_ms > 300`)],
        }),
        logs({
          title: 'Lines',
          description:
            'Everything that the filters let through. Each line with a trace ID leads to its trace.',
          height: 16,
          queries: [logql(streams)],
        }),
      ],
    },
  ],
});
