import { dashboard } from './dashboard.ts';
import { bars, graph, stat } from './panels.ts';
import { logql, promql } from './queries.ts';

export const telemetry = dashboard({
  uid: 'telemetry',
  description: 'What observing costs: series, log bytes and spans, and who makes them.',
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Series',
          description:
            'Series in Prometheus’s memory. Each costs memory for as long as it is kept, used or not.',
          unit: 'short',
          width: 6,
          color: 'blue',
          queries: [promql('sum(prometheus_tsdb_head_series)')],
        }),
        stat({
          title: 'Log bytes',
          description: 'Bytes a second that Loki receives. LogVolumeHigh warns above 250 kB/s.',
          unit: 'Bps',
          width: 6,
          steps: [[250e3, 'red']],
          queries: [promql('loki:received_bytes:rate')],
        }),
        stat({
          title: 'Spans received',
          description: 'Spans a second that the services send: what head sampling left.',
          unit: 'ops',
          width: 6,
          color: 'blue',
          queries: [promql('sum(rate(otelcol_receiver_accepted_spans_total[$__rate_interval]))')],
        }),
        stat({
          title: 'Spans kept',
          description:
            'Share of the spans received within the range that were stored: what tail sampling left.',
          unit: 'percentunit',
          width: 6,
          decimals: 1,
          color: 'blue',
          queries: [
            promql(
              'sum(increase(otelcol_exporter_sent_spans_total[$__range])) / sum(increase(otelcol_receiver_accepted_spans_total[$__range]))',
            ),
          ],
        }),
      ],
    },
    {
      title: 'Metrics',
      panels: [
        bars({
          title: 'Series by metric',
          description:
            'The 15 metrics with the most series. A name that climbs has a label without bound: an ID, a path, a message.',
          unit: 'short',
          queries: [
            promql('topk(15, count by (__name__) ({__name__=~".+"}))', '{{__name__}}', { instant: true }),
          ],
        }),
        bars({
          title: 'Series by target',
          description: 'Who exposes how many series. Replicas of one service should have the same number.',
          unit: 'short',
          queries: [
            promql('sort_desc(count by (instance) ({__name__=~".+", instance!=""}))', '{{instance}}', {
              instant: true,
            }),
          ],
        }),
        graph({
          title: 'Samples for each scrape',
          description: 'What each target exposes. Growth without a deployment is growing cardinality.',
          unit: 'short',
          height: 10,
          queries: [promql('scrape_samples_scraped', '{{instance}}')],
        }),
        graph({
          title: 'Series',
          description: 'Series in memory. They leave only when they have had no sample for long.',
          unit: 'short',
          width: 8,
          queries: [promql('prometheus_tsdb_head_series', 'series')],
        }),
        graph({
          title: 'Samples',
          description: 'Samples stored a second: series over the scrape interval, and the rules’ results.',
          unit: 'ops',
          width: 8,
          queries: [
            promql('sum(rate(prometheus_tsdb_head_samples_appended_total[$__rate_interval]))', 'samples'),
          ],
        }),
        graph({
          title: 'Duration of the scrapes',
          description: 'At the scrape interval a target counts as down, although it works.',
          unit: 's',
          width: 8,
          queries: [promql('scrape_duration_seconds', '{{instance}}')],
        }),
      ],
    },
    {
      title: 'Logs',
      panels: [
        graph({
          title: 'Log bytes by instance',
          description: 'Bytes a second of the lines themselves, by who writes them.',
          unit: 'Bps',
          width: 8,
          stacked: true,
          queries: [logql('sum by (instance) (bytes_rate({app="notes"} [$__auto]))', '{{instance}}')],
        }),
        graph({
          title: 'Log bytes by level',
          description: 'A wide band of debug is somebody who forgot to turn it off.',
          unit: 'Bps',
          width: 8,
          stacked: true,
          queries: [logql('sum by (level) (bytes_rate({app="notes"} [$__auto]))', '{{level}}')],
        }),
        graph({
          title: 'Received by Loki',
          description: 'Bytes a second at the door. LogVolumeHigh warns above the line.',
          unit: 'Bps',
          width: 8,
          limit: 250e3,
          queries: [promql('loki:received_bytes:rate', 'bytes')],
        }),
        graph({
          title: 'A day of logs, at this rate',
          description:
            'Gigabytes a day by service, if it goes on as now. At half a dollar a GB, half of it in dollars.',
          unit: 'decgbytes',
          width: 8,
          stacked: true,
          queries: [
            logql('sum by (service) (bytes_rate({app="notes"} [$__auto])) * 86400 / 1e9', '{{service}}'),
          ],
        }),
        graph({
          title: 'Lines',
          description:
            'Lines a second. Many bytes with few lines are large lines: stacks, or whole requests.',
          unit: 'ops',
          queries: [promql('loki:received_lines:rate', 'lines')],
        }),
        graph({
          title: 'Streams',
          description:
            'Sets of labels in Loki’s memory. A label that is not bounded makes thousands of them.',
          unit: 'short',
          queries: [promql('sum(loki_ingester_memory_streams)', 'streams')],
        }),
      ],
    },
    {
      title: 'Traces',
      panels: [
        graph({
          title: 'Spans',
          description: 'Received from the services, and sent on to the storage after tail sampling.',
          unit: 'ops',
          width: 8,
          queries: [
            promql('sum(rate(otelcol_receiver_accepted_spans_total[$__rate_interval]))', 'received'),
            promql('sum(rate(otelcol_exporter_sent_spans_total[$__rate_interval]))', 'stored'),
          ],
        }),
        graph({
          title: 'Traces by decision',
          description: 'Whole traces a second that tail sampling kept or dropped.',
          unit: 'ops',
          width: 8,
          stacked: true,
          queries: [
            promql(
              'sum by (sampled) (rate(otelcol_processor_tail_sampling_global_count_traces_sampled_total[$__rate_interval]))',
              'kept={{sampled}}',
            ),
          ],
        }),
        graph({
          title: 'Spans refused',
          description: 'Spans a second that did not get in. Not zero: traces have holes.',
          unit: 'ops',
          width: 8,
          queries: [promql('sum(rate(otelcol_receiver_refused_spans_total[$__rate_interval]))', 'refused')],
        }),
      ],
    },
  ],
});
