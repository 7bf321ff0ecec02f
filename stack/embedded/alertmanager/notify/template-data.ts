import { compareStrings, goType } from '../../go-template/index.ts';
import { GoTime } from '../../go-time/index.ts';
import { type Alert, isResolved } from '../alerts/alert.ts';
import type { LabelSet } from '../labels/label-set.ts';

export class Pair {
  readonly [goType] = 'template.Pair';
  readonly Name: string;
  readonly Value: string;
  constructor(name: string, value: string) {
    this.Name = name;
    this.Value = value;
  }
}

export class Pairs extends Array<Pair> {
  static override get [Symbol.species]() {
    return Array;
  }
  get [goType]() {
    return 'template.Pairs';
  }
  Names(): string[] {
    return this.map((pair) => pair.Name);
  }
  Values(): string[] {
    return this.map((pair) => pair.Value);
  }
  String(): string {
    return this.map((pair) => `${pair.Name}=${pair.Value}`).join(', ');
  }
}

/** A set of labels or annotations as templates see it. */
export class KeyValues extends Map<string, string> {
  get [goType]() {
    return 'template.KV';
  }
  static of(labels: LabelSet): KeyValues {
    return new KeyValues(Object.entries(labels));
  }
  /** Sorted by name, `alertname` first. */
  SortedPairs(): Pairs {
    const names = [...this.keys()].filter((name) => name !== 'alertname').sort(compareStrings);
    if (this.has('alertname')) names.unshift('alertname');
    return Pairs.from(names, (name) => new Pair(name, this.get(name) ?? '')) as Pairs;
  }
  Remove(names: readonly string[]): KeyValues {
    const removed = new Set(names);
    return new KeyValues([...this].filter(([name]) => !removed.has(name)));
  }
  Names(): string[] {
    return this.SortedPairs().Names();
  }
  Values(): string[] {
    return this.SortedPairs().Values();
  }
  String(): string {
    return this.SortedPairs().String();
  }
  toJSON(): Record<string, string> {
    return Object.fromEntries([...this].sort(([a], [b]) => compareStrings(a, b)));
  }
}

export class TemplateAlert {
  readonly Status: string;
  readonly Labels: KeyValues;
  readonly Annotations: KeyValues;
  readonly StartsAt: GoTime;
  readonly EndsAt: GoTime;
  readonly GeneratorURL: string;
  readonly Fingerprint: string;

  constructor(alert: Alert, now: number) {
    this.Status = isResolved(alert, now) ? 'resolved' : 'firing';
    this.Labels = KeyValues.of(alert.labels);
    this.Annotations = KeyValues.of(alert.annotations);
    this.StartsAt = GoTime.ofMilliseconds(alert.startsAt);
    this.EndsAt = alert.endsAt === 0 ? GoTime.zero : GoTime.ofMilliseconds(alert.endsAt);
    this.GeneratorURL = alert.generatorURL;
    this.Fingerprint = alert.fingerprint;
  }
  get [goType]() {
    return 'template.Alert';
  }
  toJSON() {
    return {
      status: this.Status,
      labels: this.Labels,
      annotations: this.Annotations,
      startsAt: this.StartsAt,
      endsAt: this.EndsAt,
      generatorURL: this.GeneratorURL,
      fingerprint: this.Fingerprint,
    };
  }
}

export class TemplateAlerts extends Array<TemplateAlert> {
  static override get [Symbol.species]() {
    return Array;
  }
  get [goType]() {
    return 'template.Alerts';
  }
  Firing(): TemplateAlerts {
    return TemplateAlerts.from(this.filter((alert) => alert.Status === 'firing')) as TemplateAlerts;
  }
  Resolved(): TemplateAlerts {
    return TemplateAlerts.from(this.filter((alert) => alert.Status === 'resolved')) as TemplateAlerts;
  }
}

/** Where a notification's data comes from. */
export interface TemplateSource {
  readonly receiver: string;
  readonly reason: string;
  readonly alerts: readonly Alert[];
  readonly groupLabels: LabelSet;
  readonly externalUrl: string;
  readonly now: number;
}

/** What a notification is made of: the value of `.` in every template. */
export class TemplateData {
  readonly Receiver: string;
  readonly Status: string;
  readonly Alerts: TemplateAlerts;
  readonly NotificationReason: string;
  readonly GroupLabels: KeyValues;
  readonly CommonLabels: KeyValues;
  readonly CommonAnnotations: KeyValues;
  readonly ExternalURL: string;

  readonly #source: TemplateSource;

  constructor(options: TemplateSource) {
    this.#source = options;
    this.Receiver = options.receiver;
    this.Alerts = TemplateAlerts.from(
      options.alerts,
      (alert) => new TemplateAlert(alert, options.now),
    ) as TemplateAlerts;
    this.Status = this.Alerts.some((alert) => alert.Status === 'firing') ? 'firing' : 'resolved';
    this.NotificationReason = options.reason;
    this.GroupLabels = KeyValues.of(options.groupLabels);
    this.CommonLabels = common(options.alerts.map((alert) => alert.labels));
    this.CommonAnnotations = common(options.alerts.map((alert) => alert.annotations));
    this.ExternalURL = options.externalUrl;
  }
  /** The same for the first alerts only; what is common is then what these have in common. */
  first(limit: number): TemplateData {
    return new TemplateData({ ...this.#source, alerts: this.#source.alerts.slice(0, limit) });
  }
  get [goType]() {
    return '*template.Data';
  }
  toJSON() {
    return {
      receiver: this.Receiver,
      status: this.Status,
      alerts: this.Alerts,
      notification_reason: this.NotificationReason,
      groupLabels: this.GroupLabels,
      commonLabels: this.CommonLabels,
      commonAnnotations: this.CommonAnnotations,
      externalURL: this.ExternalURL,
    };
  }
}

function common(sets: readonly LabelSet[]): KeyValues {
  const [first = {}, ...rest] = sets;
  return new KeyValues(
    Object.entries(first).filter(([name, value]) => rest.every((labels) => labels[name] === value)),
  );
}
