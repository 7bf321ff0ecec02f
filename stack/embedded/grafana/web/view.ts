// What the server tells the page to draw. Types only: both sides read this file.

export interface SourceView {
  readonly uid: string;
  readonly type: string;
  /** Where a log line's trace opens, and how it is found in the line. */
  readonly traces?: { readonly uid: string; readonly pattern: string };
}

export interface TargetView {
  readonly source: SourceView;
  /** PromQL or LogQL, or a service and its conditions; every variable is filled in. */
  readonly query: string;
  /** As it stands in the dashboard. */
  readonly written: string;
  /** The address that runs it in Explore. */
  readonly explore: string;
  /** Asks Jaeger for the services and the calls between them, not for traces. */
  readonly serviceMap: boolean;
  /** `{{instance}} {{status}}`; empty: all labels. */
  readonly legend: string;
  readonly instant: boolean;
  readonly exemplars: boolean;
  readonly limit: number;
}

export interface ThresholdView {
  /** From this value on; null: from the beginning. */
  readonly value: number | null;
  readonly color: string;
}

/** Where alerting rules are evaluated, and which Alertmanager silences them. */
export interface RulesView {
  readonly prometheus: string;
  readonly name: string;
  readonly alertmanager?: string | undefined;
}

/** Everything that the alerts page asks. */
export interface AlertingView {
  readonly rules: readonly RulesView[];
  readonly managers: readonly { readonly uid: string; readonly name: string }[];
}

export interface AlertListView {
  readonly prometheus: string;
  readonly states: readonly string[];
  readonly limit: number;
}

export interface PanelView {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  /** In 24 columns and rows of 30 pixels. */
  readonly grid: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly TargetView[];
  /** Seconds between two points: `$__interval`. */
  readonly stepSeconds: number;
  /** Grafana's name of a unit. */
  readonly unit: string;
  readonly decimals?: number | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly stacked: boolean;
  /** Percent. */
  readonly fill: number;
  readonly thresholds: readonly ThresholdView[];
  /** Lines in a graph, not only colours. */
  readonly thresholdLines: boolean;
  /** The name of a series instead of its value. */
  readonly showName: boolean;
  /** What a value is called, and its colour. */
  readonly mappings: Readonly<Record<string, { readonly text: string; readonly color?: string | undefined }>>;
  /** Shown when there is no value. */
  readonly noValue: string;
  /** Which alerts a panel of type `alertlist` names. */
  readonly alertList?: AlertListView | undefined;
  /** What a panel of type `text` says. */
  readonly content: string;
  /** Where a series leads: an address with `${__field.labels.<name>}` in it. */
  readonly link?: { readonly title: string; readonly url: string } | undefined;
  /** Why it cannot be drawn. */
  readonly problem?: string | undefined;
}

export interface ChoiceView {
  /** Of the variable. */
  readonly name: string;
  readonly all: boolean;
  /** What the dashboard lists, or where the values of a label are asked for. */
  readonly from:
    | { readonly values: readonly string[] }
    | { readonly source: string; readonly selector: string; readonly label: string };
}

export interface DashboardView {
  readonly panels: readonly PanelView[];
  /** `now-15m`, a date, or milliseconds. */
  readonly from: string;
  readonly to: string;
  /** Seconds between two refreshes; 0: never. */
  readonly refreshSeconds: number;
  readonly marks: readonly { readonly color: string; readonly tags: readonly string[] }[];
  readonly choices: readonly ChoiceView[];
  /** The data source that a trace opens in. */
  readonly traces?: string | undefined;
}

/** A data source as Explore offers it. */
export interface ExploreSource extends SourceView {
  readonly name: string;
  readonly isDefault: boolean;
  readonly scrapeSeconds: number;
  /** From a trace to its log lines. */
  readonly logs?:
    | {
        readonly datasourceUid: string;
        readonly query: string;
        readonly spanStartTimeShift: string;
        readonly spanEndTimeShift: string;
      }
    | undefined;
  /** From a span to the metrics of what it ran in. */
  readonly metrics?:
    | {
        readonly datasourceUid: string;
        readonly tags: readonly { readonly key: string; readonly value?: string | undefined }[];
        readonly queries: readonly { readonly name: string; readonly query: string }[];
      }
    | undefined;
}
