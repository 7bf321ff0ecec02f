import { Labels } from '../labels/labels.ts';
import type { VectorSample } from '../promql/result.ts';
import { RuleTemplate } from './expand-template.ts';
import type { RuleDefinition } from './rule-file.ts';
import type { TemplateEnvironment } from './template-functions.ts';

export type AlertState = 'inactive' | 'pending' | 'firing';

/** Resolved alerts are told to Alertmanager for this long. */
const resolvedRetentionMs = 15 * 60 * 1000;

export interface Alert {
  state: AlertState;
  readonly labels: Labels;
  annotations: Labels;
  value: number;
  activeAtMs: number;
  firedAtMs: number | undefined;
  resolvedAtMs: number | undefined;
  keepFiringSinceMs: number | undefined;
  lastSentAtMs: number | undefined;
  validUntilMs: number | undefined;
}

export interface RuleEnvironment extends TemplateEnvironment {
  readonly externalLabels: ReadonlyMap<string, string>;
}

export interface RuleSample {
  readonly labels: Labels;
  readonly value: number;
}

/** An alert's life: pending while `for` runs, then firing, then kept as resolved for a while. */
export class AlertingRule {
  readonly kind = 'alerting';
  readonly definition: RuleDefinition;
  readonly #environment: RuleEnvironment;
  readonly #labelTemplates: [name: string, template: RuleTemplate][];
  readonly #annotationTemplates: [name: string, template: RuleTemplate][];
  /** By label set; resolved ones included. */
  active = new Map<string, Alert>();

  constructor(definition: RuleDefinition, environment: RuleEnvironment) {
    this.definition = definition;
    this.#environment = environment;
    const compile = (texts: Readonly<Record<string, string>>): [string, RuleTemplate][] =>
      Object.entries(texts).map(([name, text]) => [
        name,
        new RuleTemplate(text, definition.name, environment),
      ]);
    this.#labelTemplates = compile(definition.labels);
    this.#annotationTemplates = compile(definition.annotations);
  }

  get state(): AlertState {
    let state: AlertState = 'inactive';
    for (const alert of this.active.values()) {
      if (alert.state === 'firing') return 'firing';
      if (alert.state === 'pending') state = 'pending';
    }
    return state;
  }

  /** Pending and firing alerts. */
  get activeAlerts(): Alert[] {
    return [...this.active.values()].filter((alert) => alert.state !== 'inactive');
  }

  /** Takes the result of the expression at an instant; gives the samples of ALERTS and ALERTS_FOR_STATE. */
  evaluate(result: readonly VectorSample[], nowMs: number, limit: number): RuleSample[] {
    const { definition } = this;
    const seen = new Set<string>();
    const found: Alert[] = [];
    for (const sample of result) {
      const data = {
        labels: new Map(sample.labels.pairs),
        externalLabels: this.#environment.externalLabels,
        externalUrl: this.#environment.externalUrl,
        value: sample.value,
      };
      const labels = new Map(sample.labels.pairs);
      labels.delete('__name__');
      for (const [name, template] of this.#labelTemplates) labels.set(name, template.expand(data));
      labels.set('alertname', definition.name);
      const alertLabels = Labels.from(labels);
      if (seen.has(alertLabels.key)) {
        throw new Error('vector contains metrics with the same labelset after applying alert labels');
      }
      seen.add(alertLabels.key);
      found.push({
        state: 'pending',
        labels: alertLabels,
        annotations: Labels.from(
          this.#annotationTemplates.map(([name, template]) => [name, template.expand(data)]),
        ),
        value: sample.value,
        activeAtMs: nowMs,
        firedAtMs: undefined,
        resolvedAtMs: undefined,
        keepFiringSinceMs: undefined,
        lastSentAtMs: undefined,
        validUntilMs: undefined,
      });
    }
    for (const alert of found) {
      const known = this.active.get(alert.labels.key);
      if (known !== undefined && known.state !== 'inactive') {
        known.value = alert.value;
        known.annotations = alert.annotations;
      } else this.active.set(alert.labels.key, alert);
    }

    const samples: RuleSample[] = [];
    let count = 0;
    for (const [key, alert] of this.active) {
      if (!seen.has(key)) {
        if (!this.#keepsFiring(alert, nowMs)) {
          const outlived =
            alert.resolvedAtMs !== undefined && nowMs - alert.resolvedAtMs > resolvedRetentionMs;
          if (alert.state === 'pending' || outlived) this.active.delete(key);
          if (alert.state !== 'inactive') {
            alert.state = 'inactive';
            alert.resolvedAtMs = nowMs;
          }
          continue;
        }
      } else alert.keepFiringSinceMs = undefined;
      count++;
      if (alert.state === 'pending' && nowMs - alert.activeAtMs >= definition.forMs) {
        alert.state = 'firing';
        alert.firedAtMs = nowMs;
      }
      samples.push(
        {
          labels: Labels.from([...alert.labels.pairs, ['__name__', 'ALERTS'], ['alertstate', alert.state]]),
          value: 1,
        },
        {
          labels: Labels.from([...alert.labels.pairs, ['__name__', 'ALERTS_FOR_STATE']]),
          value: Math.floor(alert.activeAtMs / 1000),
        },
      );
    }
    if (limit > 0 && count > limit) {
      this.active.clear();
      throw new Error(`exceeded limit of ${limit} with ${count} alerts`);
    }
    return samples;
  }

  #keepsFiring(alert: Alert, nowMs: number): boolean {
    const { keepFiringForMs } = this.definition;
    if (alert.state !== 'firing' || keepFiringForMs === 0) return false;
    alert.keepFiringSinceMs ??= nowMs;
    return nowMs - alert.keepFiringSinceMs < keepFiringForMs;
  }

  /** The alerts that Alertmanager must hear of now; they are noted as told. */
  takeDue(nowMs: number, resendDelayMs: number, intervalMs: number): Alert[] {
    const due: Alert[] = [];
    for (const alert of this.active.values()) {
      if (alert.state === 'pending') continue;
      const justResolved = alert.resolvedAtMs !== undefined && alert.resolvedAtMs > (alert.lastSentAtMs ?? 0);
      if (!justResolved && alert.lastSentAtMs !== undefined && alert.lastSentAtMs + resendDelayMs >= nowMs)
        continue;
      alert.lastSentAtMs = nowMs;
      // Four missed tellings and Alertmanager resolves the alert by itself.
      alert.validUntilMs = nowMs + 4 * Math.max(resendDelayMs, intervalMs);
      due.push({ ...alert });
    }
    return due;
  }
}
