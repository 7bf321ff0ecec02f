// What Prometheus says of its alerting rules, and Alertmanager of groups and silences.
import { ask, send } from '../data.ts';

export type Labels = Readonly<Record<string, string>>;
export type AlertState = 'firing' | 'pending' | 'inactive';

export interface ActiveAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly state: AlertState;
  readonly activeAt: string;
  readonly value: string;
}

export interface AlertingRule {
  readonly name: string;
  readonly query: string;
  /** Seconds of `for`. */
  readonly duration: number;
  readonly state: AlertState;
  readonly health: string;
  readonly lastError?: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly alerts: readonly ActiveAlert[];
}

/** Firing before pending before inactive. */
export const stateOrder: readonly AlertState[] = ['firing', 'pending', 'inactive'];

/** Every alerting rule, what fires first. */
export async function fetchRules(uid: string): Promise<AlertingRule[]> {
  const { data } = await ask<{ data: { groups: readonly { rules: readonly AlertingRule[] }[] } }>(
    uid,
    '/api/v1/rules',
    { type: 'alert' },
  );
  return data.groups
    .flatMap(({ rules }) => rules)
    .sort(
      (a, b) => stateOrder.indexOf(a.state) - stateOrder.indexOf(b.state) || a.name.localeCompare(b.name),
    );
}

export interface GroupedAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: string;
  readonly fingerprint: string;
  readonly status: {
    readonly state: string;
    readonly silencedBy: readonly string[];
    readonly inhibitedBy: readonly string[];
    readonly mutedBy?: readonly string[];
  };
}

export interface AlertGroup {
  readonly labels: Labels;
  readonly receiver: { readonly name: string };
  readonly alerts: readonly GroupedAlert[];
}

export const fetchGroups = (uid: string): Promise<AlertGroup[]> => ask(uid, '/api/v2/alerts/groups', {});

export interface Matcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
}

export interface Silence {
  readonly id: string;
  readonly status: { readonly state: 'active' | 'pending' | 'expired' };
  readonly matchers: readonly Matcher[];
  readonly createdBy: string;
  readonly comment: string;
  readonly startsAt: string;
  readonly endsAt: string;
}

export const fetchSilences = (uid: string): Promise<Silence[]> => ask(uid, '/api/v2/silences', {});

/** Throws an Error in Alertmanager's words when it does not take it. */
export const createSilence = (
  uid: string,
  silence: Pick<Silence, 'matchers' | 'createdBy' | 'comment' | 'startsAt' | 'endsAt'>,
): Promise<{ silenceID: string }> =>
  send(uid, '/api/v2/silences', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(silence),
  });

export const expireSilence = (uid: string, id: string): Promise<void> =>
  send(uid, `/api/v2/silence/${encodeURIComponent(id)}`, { method: 'DELETE' });

/** `alertname="HighLatency"`, `instance!~"api-.*"`. */
export const matcherText = ({ name, value, isRegex, isEqual }: Matcher): string =>
  `${name}${isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!='}${JSON.stringify(value)}`;

/** Whether Alertmanager's alert is this one of Prometheus: it has all of its labels, and perhaps external ones. */
export const isSameAlert = (sent: Labels, labels: Labels): boolean =>
  Object.entries(labels).every(([name, value]) => sent[name] === value);
