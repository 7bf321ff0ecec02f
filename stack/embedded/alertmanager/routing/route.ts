import type { RouteConfig } from '../config/config.ts';
import type { LabelSet } from '../labels/label-set.ts';
import { formatMatchers, Matcher, matchesAll, sortMatchers } from '../labels/matcher.ts';

/** A node of the routing tree with everything it inherits filled in; times in milliseconds. */
export interface Route {
  readonly receiver: string;
  readonly groupBy: readonly string[];
  readonly groupByAll: boolean;
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  readonly muteTimeIntervals: readonly string[];
  readonly activeTimeIntervals: readonly string[];
  readonly matchers: readonly Matcher[];
  readonly continue: boolean;
  readonly routes: readonly Route[];
  /** The matchers from the root down: `{}/{severity="critical"}`. */
  readonly key: string;
  /** The key and the place in the tree; unlike the key it is unique. */
  readonly id: string;
}

const defaults = { groupWaitMs: 30_000, groupIntervalMs: 300_000, repeatIntervalMs: 4 * 3_600_000 };

/** Builds the tree from the configuration. */
export function buildRoute(config: RouteConfig, parent?: Route, index = 0): Route {
  const matchers = sortMatchers([
    ...Object.entries(config.match ?? {}).map(([name, value]) => new Matcher(name, '=', value ?? '')),
    ...Object.entries(config.match_re ?? {}).map(([name, value]) => new Matcher(name, '=~', value)),
    ...(config.matchers ?? []),
  ]);
  const key = `${parent === undefined ? '' : `${parent.key}/`}${formatMatchers(matchers)}`;
  const groupBy = config.group_by;
  const route = {
    receiver: config.receiver || (parent?.receiver ?? ''),
    groupBy: groupBy === undefined ? (parent?.groupBy ?? []) : groupBy.filter((label) => label !== '...'),
    groupByAll: groupBy === undefined ? (parent?.groupByAll ?? false) : groupBy.includes('...'),
    groupWaitMs: config.group_wait ?? parent?.groupWaitMs ?? defaults.groupWaitMs,
    groupIntervalMs: config.group_interval ?? parent?.groupIntervalMs ?? defaults.groupIntervalMs,
    repeatIntervalMs: config.repeat_interval ?? parent?.repeatIntervalMs ?? defaults.repeatIntervalMs,
    muteTimeIntervals: config.mute_time_intervals ?? [],
    activeTimeIntervals: config.active_time_intervals ?? [],
    matchers,
    continue: config.continue,
    key,
    id: parent === undefined ? key : `${parent.id}/${formatMatchers(matchers)}/${index}`,
    routes: [] as Route[],
  };
  route.routes.push(...(config.routes ?? []).map((child, at) => buildRoute(child, route, at)));
  return route;
}

/** The routes that an alert takes, depth first; a match ends the search among siblings unless it says `continue`. */
export function matchRoutes(route: Route, labels: LabelSet): Route[] {
  if (!matchesAll(route.matchers, labels)) return [];
  const found: Route[] = [];
  for (const child of route.routes) {
    const matched = matchRoutes(child, labels);
    found.push(...matched);
    if (matched.length > 0 && !child.continue) break;
  }
  return found.length > 0 ? found : [route];
}
