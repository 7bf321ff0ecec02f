import { hostname } from 'node:os';
import { formatPrometheusDuration } from '../../duration/prometheus-duration.ts';
import type { Flags } from '../flags.ts';
import type { Head } from '../storage/head.ts';
import { version } from '../version.ts';
import { badData } from './api-error.ts';
import { rfc3339 } from './rfc3339.ts';
import type { Routing } from './routing.ts';

export interface StatusContext {
  readonly flags: Flags;
  readonly head: Head;
  readonly startedAtMs: number;
  configYaml(): string;
  lastReload(): { readonly success: boolean; readonly timeMs: number };
}

/** `/status/…` and `/notifications`. */
export function addStatusRoutes(routing: Routing, context: StatusContext): void {
  const { flags, head } = context;
  routing.api(['GET'], '/status/config', () => ({ data: { yaml: context.configYaml() } }));
  routing.api(['GET'], '/status/flags', () => ({ data: flags.all }));
  routing.api(['GET'], '/status/walreplay', () => ({ data: { min: 0, max: 0, current: 0 } }));
  routing.api(['GET'], '/notifications', () => ({ data: [] }));
  routing.api(['GET'], '/status/buildinfo', () => ({
    data: {
      version,
      revision: 'embedded',
      branch: 'embedded',
      buildUser: '',
      buildDate: '',
      // Clients expect the field; here is what really runs.
      goVersion: `node${process.versions.node}`,
    },
  }));

  routing.api(['GET'], '/status/runtimeinfo', () => {
    const { success, timeMs } = context.lastReload();
    const byTime = Number.isFinite(flags.retentionMs) ? formatPrometheusDuration(flags.retentionMs) : '';
    const bySize = flags.all['storage.tsdb.retention.size']!;
    return {
      data: {
        startTime: rfc3339(context.startedAtMs),
        CWD: process.cwd(),
        hostname: hostname(),
        serverTime: rfc3339(Date.now()),
        reloadConfigSuccess: success,
        lastConfigTime: rfc3339(Math.floor(timeMs / 1000) * 1000),
        corruptionCount: 0,
        goroutineCount: process.getActiveResourcesInfo().length,
        GOMAXPROCS: 1,
        GOMEMLIMIT: 0,
        GOGC: '',
        GODEBUG: '',
        storageRetention: [byTime, bySize].filter((text) => text !== '').join(' or '),
      },
    };
  });

  routing.api(['GET'], '/status/tsdb', (parameters) => {
    const text = parameters.get('limit') ?? '';
    const limit = text === '' ? 10 : Number(text);
    if (!Number.isInteger(limit) || limit < 1) throw badData('limit must be a positive number');
    return { data: tsdbStatus(head, limit) };
  });
}

interface Count {
  readonly name: string;
  readonly value: number;
}

function tsdbStatus(head: Head, limit: number): object {
  const byMetric: Count[] = [];
  const valuesByName: Count[] = [];
  const memoryByName: Count[] = [];
  const byPair: Count[] = [];
  let pairs = 0;
  for (const [name, values] of head.index.entries()) {
    pairs += values.size;
    valuesByName.push({ name, value: values.size });
    let bytes = 0;
    for (const [value, { size }] of values) {
      bytes += value.length * size;
      byPair.push({ name: `${name}=${value}`, value: size });
      if (name === '__name__') byMetric.push({ name: value, value: size });
    }
    memoryByName.push({ name, value: bytes });
  }
  let chunkCount = 0;
  for (const series of head.index.all()) chunkCount += series.chunkCount;
  const top = (counts: Count[]): Count[] =>
    counts.sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1)).slice(0, limit);
  const empty = head.seriesCount === 0;
  return {
    headStats: {
      numSeries: head.seriesCount,
      numLabelPairs: pairs,
      chunkCount,
      // Go's extreme integers, as the real server shows an empty head; JSON numbers cannot hold them exactly.
      minTime: empty ? Number.MAX_SAFE_INTEGER : head.minMs,
      maxTime: empty ? Number.MIN_SAFE_INTEGER : head.maxMs,
    },
    seriesCountByMetricName: top(byMetric),
    labelValueCountByLabelName: top(valuesByName),
    memoryInBytesByLabelName: top(memoryByName),
    seriesCountByLabelValuePair: top(byPair),
  };
}
