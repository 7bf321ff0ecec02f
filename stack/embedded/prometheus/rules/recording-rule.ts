import { Labels } from '../labels/labels.ts';
import type { VectorSample } from '../promql/result.ts';
import type { RuleSample } from './alerting-rule.ts';
import type { RuleDefinition } from './rule-file.ts';

/** A rule that keeps the result of its expression under a name of its own. */
export class RecordingRule {
  readonly kind = 'recording';
  readonly definition: RuleDefinition;

  constructor(definition: RuleDefinition) {
    this.definition = definition;
  }

  /** Names and labels the result; throws when two samples become one series or the limit is passed. */
  evaluate(result: readonly VectorSample[], limit: number): RuleSample[] {
    const seen = new Set<string>();
    const samples = result.map((sample): RuleSample => {
      const labels = new Map(sample.labels.pairs);
      labels.set('__name__', this.definition.name);
      for (const [name, value] of Object.entries(this.definition.labels)) labels.set(name, value);
      const final = Labels.from(labels);
      if (seen.has(final.key))
        throw new Error('vector contains metrics with the same labelset after applying rule labels');
      seen.add(final.key);
      return { labels: final, value: sample.value };
    });
    if (limit > 0 && samples.length > limit)
      throw new Error(`exceeded limit of ${limit} with ${samples.length} series`);
    return samples;
  }
}
