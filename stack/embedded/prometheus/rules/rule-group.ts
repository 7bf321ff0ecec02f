import { createHash } from 'node:crypto';
import type { VectorSample } from '../promql/result.ts';
import type { Head } from '../storage/head.ts';
import type { MemorySeries } from '../storage/series.ts';
import { type Alert, AlertingRule, type RuleEnvironment, type RuleSample } from './alerting-rule.ts';
import { RecordingRule } from './recording-rule.ts';
import type { GroupDefinition } from './rule-file.ts';

export interface GroupContext {
  readonly head: Head;
  readonly environment: RuleEnvironment;
  readonly resendDelayMs: number;
  /** Asks an instant query; scalars come as one sample without labels. */
  query(expr: string, timeMs: number): readonly VectorSample[];
  notify(alerts: readonly Alert[], expr: string): void;
  readonly counters: { evaluations: number; failures: number; missed: number };
}

export interface EvaluatedRule {
  readonly rule: AlertingRule | RecordingRule;
  health: 'unknown' | 'ok' | 'err';
  lastError: string;
  evaluationSeconds: number;
  lastEvaluationMs: number | undefined;
  /** The series of the last good evaluation. */
  series: Map<string, MemorySeries>;
}

/** Rules that are evaluated one after the other, at one instant, again and again. */
export class RuleGroup {
  readonly definition: GroupDefinition;
  readonly intervalMs: number;
  readonly queryOffsetMs: number;
  readonly rules: EvaluatedRule[];
  readonly #context: GroupContext;
  readonly #offsetMs: number;
  #timer: NodeJS.Timeout | undefined;
  #abandoned: MemorySeries[] = [];
  evaluationSeconds = 0;
  lastEvaluationMs: number | undefined;
  lastRuleEvaluationTimeMs = 0;

  constructor(
    definition: GroupDefinition,
    defaults: { intervalMs: number; queryOffsetMs: number },
    context: GroupContext,
  ) {
    this.definition = definition;
    this.intervalMs = definition.intervalMs ?? defaults.intervalMs;
    this.queryOffsetMs = definition.queryOffsetMs ?? defaults.queryOffsetMs;
    this.#context = context;
    this.rules = definition.rules.map((rule) => ({
      rule: rule.kind === 'alerting' ? new AlertingRule(rule, context.environment) : new RecordingRule(rule),
      health: 'unknown',
      lastError: '',
      evaluationSeconds: 0,
      lastEvaluationMs: undefined,
      series: new Map(),
    }));
    // Groups are spread over their interval by their identity, so that not all run at once.
    const digest = createHash('md5').update(`${definition.file}\u0000${definition.name}`).digest();
    this.#offsetMs = Number(digest.readBigUInt64BE(0) % BigInt(this.intervalMs));
  }

  /** Equal for groups that a reload may leave as they are. */
  get fingerprint(): string {
    return JSON.stringify([this.definition, this.intervalMs, this.queryOffsetMs]);
  }

  start(): void {
    this.#schedule();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Takes over what the same rules knew before a reload: pending and firing alerts, series to mark stale. */
  inherit(previous: RuleGroup): void {
    this.evaluationSeconds = previous.evaluationSeconds;
    this.lastEvaluationMs = previous.lastEvaluationMs;
    const former = [...previous.rules];
    for (const entry of this.rules) {
      const { kind, name, labels } = entry.rule.definition;
      // The first of the same name that is not taken: names may repeat within a group.
      const at = former.findIndex(({ rule }) => {
        const same = rule.definition.kind === kind && rule.definition.name === name;
        return (
          same && (kind === 'recording' || JSON.stringify(rule.definition.labels) === JSON.stringify(labels))
        );
      });
      const match = at === -1 ? undefined : former.splice(at, 1)[0];
      if (match === undefined) continue;
      entry.series = match.series;
      if (entry.rule.kind === 'alerting' && match.rule.kind === 'alerting')
        entry.rule.active = match.rule.active;
    }
    this.#abandoned = [...previous.#abandoned, ...former.flatMap(({ series }) => [...series.values()])];
  }

  /** Marks all series of the group stale: it is gone for good. */
  markStale(nowMs: number): void {
    for (const entry of this.rules) for (const series of entry.series.values()) this.#stale(series, nowMs);
    for (const series of this.#abandoned) this.#stale(series, nowMs);
  }

  /** Evaluates every rule at the instant. Exposed for tests; the timer calls it otherwise. */
  evaluate(nowMs: number): void {
    const started = performance.now();
    for (const entry of this.rules) this.#evaluateRule(entry, nowMs);
    for (const series of this.#abandoned) this.#stale(series, nowMs - this.queryOffsetMs);
    this.#abandoned = [];
    this.evaluationSeconds = (performance.now() - started) / 1000;
    this.lastEvaluationMs = Date.now();
    this.lastRuleEvaluationTimeMs = nowMs;
  }

  #evaluateRule(entry: EvaluatedRule, nowMs: number): void {
    const { rule } = entry;
    const { head, counters } = this.#context;
    const { limit } = this.definition;
    const started = performance.now();
    const sampleMs = nowMs - this.queryOffsetMs;
    counters.evaluations++;
    try {
      const result = this.#context.query(rule.definition.expr, sampleMs);
      const samples: RuleSample[] =
        rule.kind === 'alerting' ? rule.evaluate(result, nowMs, limit) : rule.evaluate(result, limit);
      entry.health = 'ok';
      entry.lastError = '';
      if (rule.kind === 'alerting') {
        const due = rule.takeDue(nowMs, this.#context.resendDelayMs, this.intervalMs);
        if (due.length > 0) this.#context.notify(due, rule.definition.expr);
      }
      const present = new Map<string, MemorySeries>();
      for (const sample of samples) {
        const series = head.series(sample.labels);
        head.append(series, sampleMs, sample.value);
        present.set(sample.labels.key, series);
      }
      for (const [key, series] of entry.series) if (!present.has(key)) this.#stale(series, sampleMs);
      entry.series = present;
    } catch (error) {
      entry.health = 'err';
      entry.lastError = error instanceof Error ? error.message : String(error);
      counters.failures++;
    }
    entry.evaluationSeconds = (performance.now() - started) / 1000;
    entry.lastEvaluationMs = Date.now();
  }

  #stale(series: MemorySeries, timeMs: number): void {
    if (!series.gone) this.#context.head.append(series, timeMs, Number.NaN, true);
  }

  /** Plans the next evaluation, after `lastMs`: a timer may fire a moment early, and no instant is evaluated twice. */
  #schedule(lastMs = 0): void {
    const interval = this.intervalMs;
    const now = Math.max(Date.now(), lastMs);
    const due = Math.floor((now - this.#offsetMs) / interval) * interval + interval + this.#offsetMs;
    this.#timer = setTimeout(() => {
      const missed = Math.floor((Date.now() - due) / interval);
      if (missed > 0) this.#context.counters.missed += missed;
      // The instant is the one that was due, not the one that the timer made of it.
      const instant = due + Math.max(0, missed) * interval;
      this.evaluate(instant);
      this.#schedule(instant);
    }, due - Date.now());
  }
}
