import type { Head } from '../storage/head.ts';
import { ApiError, badData } from './api-error.ts';
import { matcherSets, maxTimeMs, minTimeMs, timeParameter } from './parameters.ts';
import type { Routing } from './routing.ts';

/** `/admin/tsdb/…`, when `--web.enable-admin-api` is set. */
export function addAdminRoutes(routing: Routing, head: Head, enabled: boolean): void {
  const guard = (): void => {
    if (!enabled) throw new ApiError('unavailable', 'admin APIs disabled');
  };

  routing.api(['POST', 'PUT'], '/admin/tsdb/delete_series', (parameters) => {
    guard();
    const texts = parameters.getAll('match[]');
    if (texts.length === 0) throw badData('no match[] parameter provided');
    const startMs = timeParameter(parameters, 'start', minTimeMs);
    const endMs = timeParameter(parameters, 'end', maxTimeMs);
    for (const matchers of matcherSets(texts)) head.delete(matchers, startMs, endMs);
    return { noContent: true };
  });

  // Deleting takes samples away at once, so no tombstones are ever left to clean.
  routing.api(['POST', 'PUT'], '/admin/tsdb/clean_tombstones', () => {
    guard();
    return { noContent: true };
  });
}
