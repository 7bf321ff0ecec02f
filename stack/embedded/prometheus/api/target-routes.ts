import { formatPrometheusDuration } from '../../duration/prometheus-duration.ts';
import type { Notifier } from '../notify/notifier.ts';
import type { MetricMetadata } from '../scrape/exposition/exposition.ts';
import type { ScrapeManager } from '../scrape/scrape-manager.ts';
import { badData } from './api-error.ts';
import { matcherSets } from './parameters.ts';
import { rfc3339 } from './rfc3339.ts';
import type { Routing } from './routing.ts';

export interface TargetContext {
  readonly scrapes: ScrapeManager;
  readonly notifier: Notifier;
  readonly externalUrl: URL;
  /** The port that this server listens on. */
  readonly port: () => number;
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);

/** `/targets`, `/scrape_pools`, `/targets/metadata`, `/metadata`, `/alertmanagers`. */
export function addTargetRoutes(routing: Routing, context: TargetContext): void {
  const { scrapes } = context;

  routing.api(['GET'], '/scrape_pools', () => ({
    data: { scrapePools: scrapes.pools.map(({ config }) => config.jobName) },
  }));

  routing.api(['GET'], '/targets', (parameters) => {
    const state = (parameters.get('state') ?? '').toLowerCase();
    const wanted = parameters.get('scrapePool') ?? '';
    const pools = scrapes.pools;
    const shown = wanted === '' ? pools : pools.filter(({ config }) => config.jobName === wanted);
    const active = state === '' || state === 'any' || state === 'active';
    const dropped = state === '' || state === 'any' || state === 'dropped';
    return {
      data: {
        activeTargets: active
          ? shown.flatMap((pool) =>
              [...pool.loops]
                .sort((a, b) => (a.target.labels.key < b.target.labels.key ? -1 : 1))
                .map((loop) => ({
                  discoveredLabels: loop.target.discoveredLabels,
                  labels: loop.target.labels,
                  scrapePool: pool.config.jobName,
                  scrapeUrl: loop.target.url,
                  globalUrl: globalUrl(loop.target.url, context),
                  lastError: loop.lastError,
                  lastScrape: rfc3339(loop.lastScrapeMs),
                  lastScrapeDuration: loop.lastDurationSeconds,
                  health: loop.health,
                  scrapeInterval: formatPrometheusDuration(loop.target.intervalMs),
                  scrapeTimeout: formatPrometheusDuration(loop.target.timeoutMs),
                })),
            )
          : [],
        droppedTargets: dropped
          ? shown.flatMap((pool) =>
              pool.droppedTargets.map(({ discoveredLabels }) => ({
                discoveredLabels,
                scrapePool: pool.config.jobName,
              })),
            )
          : [],
        droppedTargetCounts: dropped
          ? Object.fromEntries(pools.map((pool) => [pool.config.jobName, pool.droppedCount]))
          : null,
      },
    };
  });

  routing.api(['GET'], '/targets/metadata', (parameters) => {
    const limit = countParameter(parameters, 'limit');
    const metric = parameters.get('metric') ?? '';
    const selector = parameters.get('match_target') ?? '';
    const [matchers] = selector === '' ? [[]] : matcherSets([selector]);
    const data: object[] = [];
    for (const pool of scrapes.pools) {
      for (const loop of pool.loops) {
        const { labels } = loop.target;
        if (!matchers!.every((matcher) => matcher.matches(labels.get(matcher.name)))) continue;
        const entries =
          metric === '' ? [...loop.metadata] : [...loop.metadata].filter(([name]) => name === metric);
        for (const [name, { type, help, unit }] of entries) {
          if (limit >= 0 && data.length >= limit) return { data };
          data.push({ target: labels, ...(metric === '' ? { metric: name } : {}), type, help, unit });
        }
      }
    }
    return { data };
  });

  routing.api(['GET'], '/metadata', (parameters) => {
    const limit = countParameter(parameters, 'limit');
    const perMetric = countParameter(parameters, 'limit_per_metric', 'limit_per_metric must be a number');
    const metric = parameters.get('metric') ?? '';
    const found = new Map<string, MetricMetadata[]>();
    for (const pool of scrapes.pools) {
      for (const loop of pool.loops) {
        for (const [name, metadata] of loop.metadata) {
          if (metric !== '' && name !== metric) continue;
          const known = found.get(name);
          if (known === undefined) {
            if (limit >= 0 && found.size >= limit) continue;
            found.set(name, [metadata]);
          } else if (
            (perMetric <= 0 || known.length < perMetric) &&
            !known.some(
              (other) =>
                other.type === metadata.type && other.help === metadata.help && other.unit === metadata.unit,
            )
          ) {
            known.push(metadata);
          }
        }
      }
    }
    return {
      data: Object.fromEntries(
        [...found].map(([name, entries]) => [
          name,
          entries.map(({ type, unit, help }) => ({ type, unit, help })),
        ]),
      ),
    };
  });

  routing.api(['GET'], '/alertmanagers', () => ({
    data: { activeAlertmanagers: context.notifier.active, droppedAlertmanagers: context.notifier.dropped },
  }));
}

/** A number of entries; -1 for none given. */
function countParameter(
  parameters: URLSearchParams,
  name: string,
  message = 'limit must be a number',
): number {
  const text = parameters.get(name) ?? '';
  if (text === '') return -1;
  if (!/^[+-]?\d+$/.test(text)) throw badData(message);
  return Number(text);
}

/** A target's URL as others reach it: loopback becomes the host of the external URL. */
function globalUrl(target: string, context: TargetContext): string {
  if (!URL.canParse(target)) return target;
  const url = new URL(target);
  if (!loopback.has(url.hostname)) return target;
  if (Number(url.port) === context.port()) url.host = context.externalUrl.host;
  else url.hostname = context.externalUrl.hostname;
  return url.href;
}
