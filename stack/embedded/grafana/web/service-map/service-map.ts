// Which service calls which, as Jaeger counts it from its traces.
import { ask, type Range } from '../data.ts';

export interface Call {
  readonly from: string;
  readonly to: string;
  readonly count: number;
}

export interface MappedService {
  readonly name: string;
  /** Calls that it received from other services. */
  readonly received: number;
  /** The share of its spans that failed, from 0 to 1; undefined where Jaeger does not say. */
  readonly failedShare?: number | undefined;
}

export interface ServiceMap {
  readonly services: readonly MappedService[];
  readonly calls: readonly Call[];
}

/** Of each service, the newest ones tell how many spans fail. */
export const judgedTraces = 100;

/** The services of a range of time and the calls between them, the busiest first. */
export async function fetchServiceMap(uid: string, range: Range): Promise<ServiceMap> {
  const { data } = await ask<{
    data?: readonly { parent: string; child: string; callCount: number }[] | null;
  }>(uid, '/api/dependencies', {
    endTs: String(Math.round(range.to)),
    lookback: String(Math.round(range.to - range.from)),
  });
  const calls = (data ?? []).map(({ parent, child, callCount }) => ({
    from: parent,
    to: child,
    count: callCount,
  }));
  const names = [...new Set(calls.flatMap(({ from, to }) => [from, to]))];
  const shares = await Promise.all(
    // A Jaeger without this search has a map all the same.
    names.map((name) => fetchFailedShare(uid, name, range).catch(() => undefined)),
  );
  return mapOf(calls, new Map(names.map((name, index) => [name, shares[index]])));
}

/** Puts calls and shares of failed spans together. */
export function mapOf(
  calls: readonly Call[],
  failedShares: ReadonlyMap<string, number | undefined>,
): ServiceMap {
  const received = new Map<string, number>();
  for (const { from, to, count } of calls) {
    received.set(from, received.get(from) ?? 0);
    received.set(to, (received.get(to) ?? 0) + (from === to ? 0 : count));
  }
  return {
    services: [...received].map(([name, calls]) => ({
      name,
      received: calls,
      failedShare: failedShares.get(name),
    })),
    calls: [...calls].sort((a, b) => b.count - a.count),
  };
}

interface Summaries {
  readonly summaries?: readonly {
    readonly services?: readonly {
      readonly name: string;
      readonly spanCount?: number;
      readonly errorSpanCount?: number;
    }[];
  }[];
}

async function fetchFailedShare(uid: string, name: string, range: Range): Promise<number | undefined> {
  const { summaries = [] } = await ask<Summaries>(uid, '/api/v3/trace-summaries', {
    'query.serviceName': name,
    'query.startTimeMin': new Date(range.from).toISOString(),
    'query.startTimeMax': new Date(range.to).toISOString(),
    'query.searchDepth': String(judgedTraces),
  });
  const own = summaries.flatMap(({ services = [] }) => services.filter((one) => one.name === name));
  const spans = own.reduce((sum, { spanCount = 0 }) => sum + spanCount, 0);
  const failed = own.reduce((sum, { errorSpanCount = 0 }) => sum + errorSpanCount, 0);
  return spans === 0 ? undefined : failed / spans;
}
