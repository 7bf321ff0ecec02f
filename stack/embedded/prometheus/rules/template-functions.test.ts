import { expect, test } from 'vitest';
import { Labels } from '../labels/labels.ts';
import { RuleTemplate } from './expand-template.ts';

const samples = ['b', 'a'].map((instance, index) => ({
  labels: Labels.from({ instance }),
  timeMs: 0,
  value: index + 1,
}));
const environment = { query: () => samples, externalUrl: 'http://host:9090/prom' };

// Results as https://prometheus.io/docs/prometheus/latest/configuration/template_reference/ and its tests have them.
test.each([
  [
    '{{ 0.0 | humanize }} {{ 1.0 | humanize }} {{ 1234567.0 | humanize }} {{ .12 | humanize }} {{ "1e-9" | humanize }}',
    '0 1 1.235M 120m 1n',
  ],
  ['{{ 1048576.0 | humanize1024 }} {{ 1.0 | humanize1024 }} {{ 1536.0 | humanize1024 }}', '1Mi 1 1.5ki'],
  [
    '{{ humanizeDuration 0 }} {{ humanizeDuration 1 }} {{ humanizeDuration 60 }} {{ humanizeDuration 3600 }} {{ humanizeDuration 86400 }}',
    '0s 1s 1m 0s 1h 0m 0s 1d 0h 0m 0s',
  ],
  [
    '{{ humanizeDuration 899.99 }} {{ humanizeDuration .1 }} {{ humanizeDuration .0001 }} {{ humanizeDuration 1234.567 }}',
    '14m 59s 100ms 100us 20m 34s',
  ],
  [
    '{{ -0.22222 | humanizePercentage }} {{ 0.0 | humanizePercentage }} {{ 0.1234567 | humanizePercentage }} {{ 1.23456 | humanizePercentage }}',
    '-22.22% 0% 12.35% 123.5%',
  ],
  ['{{ 1435065584.128 | humanizeTimestamp }}', '2015-06-23 13:19:44.128 +0000 UTC'],
  ['{{ "aa bb CC" | title }} {{ "aB" | toUpper }} {{ "aB" | toLower }}', 'Aa Bb CC AB ab'],
  ['{{ match "a+" "aa" }} {{ reReplaceAll "(a)b" "x$1" "ab" }}', 'true xa'],
  [
    '{{ stripPort "host.example:90" }} {{ stripDomain "host.example:90" }} {{ stripDomain "10.0.0.1" }}',
    'host.example host:90 10.0.0.1',
  ],
  ['{{ range query "m" | sortByLabel "instance" }}{{ .Labels.instance }}={{ .Value }};{{ end }}', 'a=2;b=1;'],
  ['{{ query "m" | first | label "instance" }}', 'b'],
  ['{{ with args 1 "x" }}{{ .arg1 }}{{ end }}', 'x'],
  [
    '{{ graphLink "up == 1" }} {{ tableLink "up" }}',
    '/graph?g0.expr=up+%3D%3D+1&g0.tab=0 /graph?g0.expr=up&g0.tab=1',
  ],
  ['{{ externalURL }} {{ pathPrefix }} {{ parseDuration "1h2m" }}', 'http://host:9090/prom /prom 3720'],
  [
    '{{ $value }} {{ $labels.instance }} [{{ $labels.none }}] {{ .Value }} {{ $externalLabels.region }}',
    '1234.5 x [] 1234.5 eu',
  ],
])('%s gives %s', (text, wanted) => {
  const template = new RuleTemplate(text, 'A', environment);
  const labels = new Map([['instance', 'x']]);
  expect(
    template.expand({
      labels,
      externalLabels: new Map([['region', 'eu']]),
      externalUrl: environment.externalUrl,
      value: 1234.5,
    }),
  ).toBe(wanted);
});
