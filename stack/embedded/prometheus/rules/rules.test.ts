import { describe, expect, test } from 'vitest';
import { Labels } from '../labels/labels.ts';
import { createEngine } from '../promql/engine.ts';
import type { VectorSample } from '../promql/result.ts';
import { Head } from '../storage/head.ts';
import type { Alert, AlertingRule } from './alerting-rule.ts';
import { parseRuleFile } from './rule-file.ts';
import { type GroupContext, RuleGroup } from './rule-group.ts';

const start = 1_767_225_600_000;
const second = 1000;

/** A group over storage of its own, evaluated at instants of the test's choosing. */
function harness(yaml: string, options: { resendDelayMs?: number } = {}) {
  const head = new Head({ retentionMs: Number.POSITIVE_INFINITY, retentionBytes: 1e9 });
  const engine = createEngine();
  const sent: { alerts: readonly Alert[]; expr: string }[] = [];
  const query = (text: string, timeMs: number): VectorSample[] => {
    const result = engine.instantQuery(head, text, timeMs);
    return result.type === 'vector' ? [...result.samples] : [];
  };
  const context: GroupContext = {
    head,
    query,
    resendDelayMs: options.resendDelayMs ?? 60 * second,
    counters: { evaluations: 0, failures: 0, missed: 0 },
    notify: (alerts, expr) => sent.push({ alerts, expr }),
    environment: {
      query: (text) => query(text, start),
      externalUrl: 'http://prometheus.test/base',
      externalLabels: new Map([['region', 'eu']]),
    },
  };
  const build = (text: string): RuleGroup =>
    new RuleGroup(parseRuleFile(text, 'rules.yml')[0]!, { intervalMs: second, queryOffsetMs: 0 }, context);
  const group = build(yaml);
  return {
    head,
    group,
    sent,
    context,
    build,
    set(labels: Record<string, string>, timeMs: number, value: number) {
      head.append(head.series(Labels.from(labels)), timeMs, value);
    },
    query: (text: string, timeMs: number) =>
      query(text, timeMs).map(({ labels, value }) => [labels.toJSON(), value]),
    alerts: (of: RuleGroup = group) => [...(of.rules[0]!.rule as AlertingRule).active.values()],
  };
}

const highLatency = `
groups:
  - name: g
    rules:
      - alert: High
        expr: latency > 10
        for: 3s
        labels: {severity: page, who: '{{ $labels.instance | toUpper }}'}
        annotations: {summary: '{{ $labels.instance }} has {{ $value | humanize }} in {{ $externalLabels.region }}'}
`;

describe('an alert', () => {
  test('is pending while `for` runs, then fires, and says so in ALERTS and ALERTS_FOR_STATE', () => {
    const h = harness(highLatency);
    const labels = { __name__: 'latency', instance: 'a' };
    for (let tick = 0; tick <= 3; tick++) {
      h.set(labels, start + tick * second, 1234);
      h.group.evaluate(start + tick * second);
      expect(h.alerts()[0]!.state).toBe(tick < 3 ? 'pending' : 'firing');
    }
    expect(h.alerts()[0]!.annotations.toJSON()).toEqual({ summary: 'a has 1.234k in eu' });
    const common = { alertname: 'High', instance: 'a', severity: 'page', who: 'A' };
    expect(h.query('ALERTS', start + 2 * second)).toEqual([
      [{ __name__: 'ALERTS', alertstate: 'pending', ...common }, 1],
    ]);
    expect(h.query('ALERTS', start + 3 * second)).toEqual([
      [{ __name__: 'ALERTS', alertstate: 'firing', ...common }, 1],
    ]);
    expect(h.query('ALERTS_FOR_STATE', start + 3 * second)).toEqual([
      [{ __name__: 'ALERTS_FOR_STATE', ...common }, start / 1000],
    ]);
  });

  test('that does not last never fires, and its series end', () => {
    const h = harness(highLatency);
    const labels = { __name__: 'latency', instance: 'a' };
    for (const [tick, value] of [20, 20, 5].entries()) {
      h.set(labels, start + tick * second, value);
      h.group.evaluate(start + tick * second);
    }
    expect(h.alerts()).toEqual([]);
    expect(h.query('ALERTS', start + 2 * second)).toEqual([]);
    expect(h.sent).toEqual([]);
  });

  test('is told at once, again after the resend delay, and as resolved for 15 minutes', () => {
    const h = harness(highLatency.replace('for: 3s', 'for: 0s'));
    const told: [number, string][] = [];
    for (let tick = 0; tick <= 20 * 60; tick++) {
      const now = start + tick * second;
      h.set({ __name__: 'latency', instance: 'a' }, now, tick < 90 ? 50 : 1);
      const before = h.sent.length;
      h.group.evaluate(now);
      if (h.sent.length > before) {
        const alert = h.sent.at(-1)!.alerts[0]!;
        told.push([tick, alert.resolvedAtMs === undefined ? 'firing' : 'resolved']);
        expect(alert.firedAtMs).toBe(start);
      }
    }
    expect(told.slice(0, 4)).toEqual([
      [0, 'firing'],
      [61, 'firing'],
      [90, 'resolved'],
      [151, 'resolved'],
    ]);
    expect(told.at(-1)![0]).toBeGreaterThan(90 + 14 * 60);
    expect(told.at(-1)![0]).toBeLessThanOrEqual(90 + 15 * 60);
    expect(h.alerts()).toEqual([]);
  });

  test('keeps firing for `keep_firing_for` after its condition ended', () => {
    const h = harness(highLatency.replace('for: 3s', 'keep_firing_for: 5s'));
    const states = [50, 1, 1, 1, 1, 1, 1, 1].map((value, tick) => {
      h.set({ __name__: 'latency', instance: 'a' }, start + tick * second, value);
      h.group.evaluate(start + tick * second);
      return h.alerts()[0]!.state;
    });
    expect(states).toEqual([
      'firing',
      'firing',
      'firing',
      'firing',
      'firing',
      'firing',
      'inactive',
      'inactive',
    ]);
  });

  test('outlives a reload that changes its annotations, pending time included', () => {
    const h = harness(highLatency);
    const labels = { __name__: 'latency', instance: 'a' };
    for (let tick = 0; tick < 2; tick++) {
      h.set(labels, start + tick * second, 20);
      h.group.evaluate(start + tick * second);
    }
    const next = h.build(highLatency.replace('has', 'shows'));
    next.inherit(h.group);
    h.set(labels, start + 3 * second, 20);
    next.evaluate(start + 3 * second);
    expect(h.alerts(next)[0]).toMatchObject({ state: 'firing', activeAtMs: start });
    expect(h.alerts(next)[0]!.annotations.get('summary')).toBe('a shows 20 in eu');
  });

  test('whose template is broken at run time tells the error in its text', () => {
    const h = harness(
      highLatency.replace('{{ $value | humanize }}', '{{ query "vector(" | first | value }}'),
    );
    h.set({ __name__: 'latency', instance: 'a' }, start, 20);
    h.group.evaluate(start);
    expect(h.alerts()[0]!.annotations.get('summary')).toMatch(
      /^<error expanding template: .*unclosed left parenthesis/,
    );
  });
});

describe('a recording rule', () => {
  const recording = (more = '') => `
groups:
  - name: g
    ${more}
    rules:
      - {record: 'job:m:sum', expr: 'sum by (job) (m)', labels: {kind: recorded}}
`;

  test('keeps its result, and ends a series that the result lost', () => {
    const h = harness(recording());
    h.set({ __name__: 'm', job: 'a', x: '1' }, start, 1);
    h.set({ __name__: 'm', job: 'a', x: '2' }, start, 2);
    h.set({ __name__: 'm', job: 'b' }, start, 4);
    h.group.evaluate(start);
    expect(h.query('job:m:sum', start)).toEqual([
      [{ __name__: 'job:m:sum', job: 'a', kind: 'recorded' }, 3],
      [{ __name__: 'job:m:sum', job: 'b', kind: 'recorded' }, 4],
    ]);
    h.head.append(h.head.series(Labels.from({ __name__: 'm', job: 'b' })), start + second, Number.NaN, true);
    h.group.evaluate(start + second);
    expect(h.query('job:m:sum{job="b"}', start + second)).toEqual([]);
  });

  test('over its limit keeps nothing and says so', () => {
    const h = harness(recording('limit: 1'));
    h.set({ __name__: 'm', job: 'a' }, start, 1);
    h.set({ __name__: 'm', job: 'b' }, start, 1);
    h.group.evaluate(start);
    expect(h.group.rules[0]).toMatchObject({ health: 'err', lastError: 'exceeded limit of 1 with 2 series' });
    expect(h.query('job:m:sum', start)).toEqual([]);
  });

  test('with query_offset looks into the past and records there', () => {
    const h = harness(recording('query_offset: 10s'));
    h.set({ __name__: 'm', job: 'a' }, start, 1);
    h.set({ __name__: 'm', job: 'a' }, start + 5 * second, 2);
    h.group.evaluate(start + 12 * second);
    expect(h.query('job:m:sum', start + 2 * second)).toEqual([
      [{ __name__: 'job:m:sum', job: 'a', kind: 'recorded' }, 1],
    ]);
    expect(h.query('job:m:sum', start + second)).toEqual([]);
  });

  test('that a reload removes ends its series', () => {
    const h = harness(recording());
    h.set({ __name__: 'm', job: 'a' }, start, 1);
    h.group.evaluate(start);
    const next = h.build(recording().replace('job:m:sum', 'other'));
    next.inherit(h.group);
    next.evaluate(start + second);
    expect(h.query('job:m:sum', start + second)).toEqual([]);
    expect(h.query('other', start + second)).toHaveLength(1);
  });

  test('whose labels make two samples one is an error', () => {
    const h = harness(recording().replace('kind: recorded', 'job: same'));
    h.set({ __name__: 'm', job: 'a' }, start, 1);
    h.set({ __name__: 'm', job: 'b' }, start, 1);
    h.group.evaluate(start);
    expect(h.group.rules[0]!.lastError).toBe(
      'vector contains metrics with the same labelset after applying rule labels',
    );
  });
});

describe('rule files', () => {
  const rule = (text: string) => `groups: [{name: g, rules: [${text}]}]`;
  test.each([
    [
      rule('{record: a, alert: b, expr: up}'),
      'rules.yml: 1:28: group "g", rule 1, "b": only one of \'record\' and \'alert\' must be set',
    ],
    [rule('{expr: up}'), "one of 'record' or 'alert' must be set"],
    [rule('{record: a}'), "field 'expr' must be set in rule"],
    [
      rule('{record: a, expr: "sum("}'),
      '1:46: group "g", rule 1, "a": could not parse expression: 1:5: parse error: unclosed left parenthesis',
    ],
    [rule('{record: a, expr: up, for: 5m}'), "invalid field 'for' in recording rule"],
    [rule('{record: a, expr: up, annotations: {x: y}}'), "invalid field 'annotations' in recording rule"],
    [rule('{alert: a, expr: up, labels: {__name__: y}}'), 'invalid label name: __name__'],
    [rule('{alert: a, expr: up, annotations: {x: "{{ .Nope"}}'), 'annotation "x": template: __alert_a:1: '],
    [rule('{alert: a, expr: up, annotations: {x: "{{ nope }}"}}'), 'function "nope" not defined'],
    [
      rule('{alert: a, expr: up, severity: x}'),
      'yaml: unmarshal errors:\n  line 1: field severity not found in type rulefmt.Rule',
    ],
    [rule('{alert: a, expr: up, for: 5x}'), 'unknown unit "x" in duration "5x"'],
    ['groups: [{name: g, rules: []}, {name: g, rules: []}]', 'groupname: "g" is repeated in the same file'],
    ['groups: [{rules: []}]', 'Groupname must not be empty'],
  ])('%s is refused: %s', (text, message) => {
    expect(() => parseRuleFile(text, 'rules.yml')).toThrow(message);
  });
});
