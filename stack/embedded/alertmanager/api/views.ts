import { compareStrings } from '../../go-template/index.ts';
import { compileRegexp, type GoRegexp } from '../../regexp/regexp.ts';
import type { Alertmanager } from '../alertmanager.ts';
import { type Alert, isResolved } from '../alerts/alert.ts';
import { type Silence, stateOf } from '../alerts/silences.ts';
import { compareLabels, type LabelSet } from '../labels/label-set.ts';
import { type Matcher, matchesAll } from '../labels/matcher.ts';
import { parseMatcher } from '../labels/parse-matcher.ts';
import { matchRoutes } from '../routing/route.ts';
import { ApiError } from './api-error.ts';

const time = (at: number) => (at === 0 ? '0001-01-01T00:00:00.000Z' : new Date(at).toISOString());
const sorted = (labels: LabelSet) =>
  Object.fromEntries(Object.entries(labels).sort(([a], [b]) => compareStrings(a, b)));
/** What go-openapi takes for true; anything else is false. */
const truths = new Set(['true', '1', 'yes', 'ok', 'y', 'on', 'selected', 'checked', 't', 'enabled']);

/** The filters that a query string asks for. */
export class Filter {
  readonly active: boolean;
  readonly silenced: boolean;
  readonly inhibited: boolean;
  readonly muted: boolean;
  readonly matchers: readonly Matcher[];
  readonly receiverMatchers: readonly Matcher[];
  readonly receiver: GoRegexp | undefined;

  constructor(manager: Alertmanager, query: URLSearchParams) {
    const flag = (name: string) => {
      const value = query.getAll(name).at(-1);
      return value === undefined || value === '' || truths.has(value.toLowerCase());
    };
    this.active = flag('active');
    this.silenced = flag('silenced');
    this.inhibited = flag('inhibited');
    this.muted = flag('muted');
    this.matchers = filterMatchers(manager, query.getAll('filter'));
    this.receiverMatchers = receiverMatchers(manager, query);
    const receiver = query.getAll('receiver').at(-1);
    try {
      this.receiver =
        receiver === undefined || receiver === '' ? undefined : compileRegexp(`^(?:${receiver})$`);
    } catch (error) {
      throw new ApiError(400, `failed to parse receiver param: ${(error as Error).message}`);
    }
  }

  takesReceiver(manager: Alertmanager, name: string): boolean {
    if (this.receiver !== undefined && !this.receiver.test(name)) return false;
    if (this.receiverMatchers.length === 0) return true;
    const labels = (manager.config.receivers ?? []).find((receiver) => receiver.name === name)?.labels ?? {
      name,
    };
    return matchesAll(this.receiverMatchers, labels);
  }

  takesAlert(alert: Alert, status: AlertStatus, now: number): boolean {
    if (isResolved(alert, now)) return false;
    if (!this.active && status.state === 'active') return false;
    if (!this.silenced && status.silencedBy.length > 0) return false;
    if (!this.inhibited && status.inhibitedBy.length > 0) return false;
    return matchesAll(this.matchers, alert.labels);
  }
}

export function filterMatchers(manager: Alertmanager, texts: readonly string[]): Matcher[] {
  try {
    return texts.map((text) => parseMatcher(text, manager.options.matcherMode));
  } catch (error) {
    throw new ApiError(400, (error as Error).message);
  }
}

/** The matchers on receivers' labels. */
export function receiverMatchers(manager: Alertmanager, query: URLSearchParams): Matcher[] {
  try {
    return filterMatchers(manager, query.getAll('receiver_matchers'));
  } catch (error) {
    throw new ApiError(400, `failed to parse receiver_matchers param: ${(error as Error).message}`);
  }
}

interface AlertStatus {
  readonly inhibitedBy: readonly string[];
  readonly mutedBy: readonly string[];
  readonly silencedBy: readonly string[];
  readonly state: 'active' | 'suppressed';
}

function statusOf(manager: Alertmanager, alert: Alert, now: number, mutedBy: readonly string[]): AlertStatus {
  const { inhibitedBy, silencedBy } = manager.status(alert, now);
  const quiet = inhibitedBy.length + silencedBy.length + mutedBy.length > 0;
  return { inhibitedBy, mutedBy, silencedBy, state: quiet ? 'suppressed' : 'active' };
}

function alertView(alert: Alert, status: AlertStatus, receivers: readonly string[]) {
  return {
    annotations: sorted(alert.annotations),
    endsAt: time(alert.endsAt),
    fingerprint: alert.fingerprint,
    receivers: receivers.map((name) => ({ name })),
    startsAt: time(alert.startsAt),
    status,
    updatedAt: time(alert.updatedAt),
    ...(alert.generatorURL === '' ? {} : { generatorURL: alert.generatorURL }),
    labels: sorted(alert.labels),
  };
}

export function listAlerts(manager: Alertmanager, query: URLSearchParams) {
  const filter = new Filter(manager, query);
  const now = manager.clock.now();
  const found = [];
  for (const alert of manager.alerts.all()) {
    const receivers = matchRoutes(manager.route, alert.labels).map((route) => route.receiver);
    if (!receivers.some((name) => filter.takesReceiver(manager, name))) continue;
    const status = statusOf(manager, alert, now, []);
    if (filter.takesAlert(alert, status, now)) found.push(alertView(alert, status, receivers));
  }
  return found.sort((a, b) => compareStrings(a.fingerprint, b.fingerprint));
}

export function listGroups(manager: Alertmanager, query: URLSearchParams) {
  const filter = new Filter(manager, query);
  const now = manager.clock.now();
  const receivers = new Map<string, string[]>();
  const groups = manager.dispatcher.groups();
  for (const group of groups)
    for (const alert of group.alerts) {
      const names = receivers.get(alert.fingerprint) ?? [];
      names.push(group.route.receiver);
      receivers.set(alert.fingerprint, names);
    }
  return groups
    .filter((group) => filter.takesReceiver(manager, group.route.receiver))
    .toSorted(
      (a, b) => compareLabels(a.labels, b.labels) || compareStrings(a.route.receiver, b.route.receiver),
    )
    .flatMap((group) => {
      const mutedBy = manager.mutedBy(group.route, now);
      if (!filter.muted && mutedBy.length > 0) return [];
      const alerts = group.alerts.flatMap((alert) => {
        const status = statusOf(manager, alert, now, mutedBy);
        const names = (receivers.get(alert.fingerprint) ?? []).toSorted(compareStrings);
        return filter.takesAlert(alert, status, now)
          ? [{ view: alertView(alert, status, names), labels: alert.labels }]
          : [];
      });
      if (alerts.length === 0) return [];
      return [
        {
          alerts: alerts.toSorted((a, b) => compareInGroup(a.labels, b.labels)).map(({ view }) => view),
          labels: sorted(group.labels),
          receiver: { name: group.route.receiver },
        },
      ];
    });
}

function compareInGroup(a: LabelSet, b: LabelSet): number {
  for (const name of ['job', 'instance']) {
    const left = a[name];
    const right = b[name];
    if (left === right) continue;
    if (left === undefined) return 1;
    if (right === undefined) return -1;
    return compareStrings(left, right);
  }
  return compareLabels(a, b);
}

export function silenceView(manager: Alertmanager, silence: Silence) {
  return {
    id: silence.id,
    status: { state: manager.silences.state(silence) },
    updatedAt: time(silence.updatedAt),
    comment: silence.comment,
    createdBy: silence.createdBy,
    endsAt: time(silence.endsAt),
    matchers: silence.matchers.map(({ isEqual, isRegex, name, value }) => ({
      isEqual,
      isRegex,
      name,
      value,
    })),
    startsAt: time(silence.startsAt),
  };
}

/** Active ones first, then pending, then expired; within a state the one that changes next. */
export function listSilences(manager: Alertmanager, query: URLSearchParams) {
  const matchers = filterMatchers(manager, query.getAll('filter'));
  const now = manager.clock.now();
  const rank = { active: 0, pending: 1, expired: 2 };
  return (
    manager.silences
      .all()
      // A filter finds the silences that have this very matcher, operator and all.
      .filter((silence) =>
        matchers.every((wanted) =>
          silence.matchers.some(
            (matcher) =>
              matcher.name === wanted.name &&
              matcher.value === wanted.value &&
              matcher.isRegex === wanted.isRegex &&
              matcher.isEqual === wanted.isEqual,
          ),
        ),
      )
      .sort((a, b) => {
        const state = stateOf(a, now);
        const order = rank[state] - rank[stateOf(b, now)];
        if (order !== 0) return order;
        return state === 'active'
          ? a.endsAt - b.endsAt
          : state === 'pending'
            ? a.startsAt - b.startsAt
            : b.endsAt - a.endsAt;
      })
      .map((silence) => silenceView(manager, silence))
  );
}
