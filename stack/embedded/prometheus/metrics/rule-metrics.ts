import type { RuleManager } from '../rules/rule-manager.ts';
import type { LookedUp, Reading } from './looked-up.ts';

export interface RuleCounters {
  readonly evaluations: number;
  readonly failures: number;
  readonly missed: number;
}

export function addRuleMetrics(metrics: LookedUp, rules: RuleManager, counters: RuleCounters): void {
  const groups =
    (read: (group: RuleManager['groups'][number]) => number) => (): readonly Reading<'rule_group'>[] =>
      rules.groups.map((group) => [
        { rule_group: `${group.definition.file};${group.definition.name}` },
        read(group),
      ]);

  metrics.counter(
    'prometheus_rule_evaluations_total',
    'The total number of rule evaluations.',
    () => counters.evaluations,
  );
  metrics.counter(
    'prometheus_rule_evaluation_failures_total',
    'The total number of rule evaluation failures.',
    () => counters.failures,
  );
  metrics.counter(
    'prometheus_rule_group_iterations_missed_total',
    'The total number of rule group evaluations missed due to slow rule group evaluation.',
    () => counters.missed,
  );
  metrics.labelledGauge(
    'prometheus_rule_group_rules',
    'The number of rules.',
    ['rule_group'],
    groups((group) => group.rules.length),
  );
  metrics.labelledGauge(
    'prometheus_rule_group_interval_seconds',
    'The interval of a rule group.',
    ['rule_group'],
    groups((group) => group.intervalMs / 1000),
  );
  metrics.labelledGauge(
    'prometheus_rule_group_last_duration_seconds',
    'The duration of the last rule group evaluation.',
    ['rule_group'],
    groups((group) => group.evaluationSeconds),
  );
  metrics.labelledGauge(
    'prometheus_rule_group_last_evaluation_timestamp_seconds',
    'The timestamp of the last rule group evaluation in seconds.',
    ['rule_group'],
    groups((group) => (group.lastEvaluationMs ?? 0) / 1000),
  );
}
