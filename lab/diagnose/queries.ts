import type { Pace } from '../../stack/pace.ts';

/** Probes and scrapes are no user's requests. */
const users = 'endpoint!~".*/(metrics|health|ready)"';

/** Requests a second by instance; `labels` selects the instances, such as `job="api"`. */
export const requestRate = (labels: string, { rateWindowSeconds }: Pace): string =>
  `sum by (instance) (rate(http_requests_total{${labels}, ${users}}[${rateWindowSeconds}s]))`;

/** Share of the requests that ended in a 5xx, by instance; no series of failures is no failure. */
export const errorRatio = (labels: string, pace: Pace): string =>
  `(${requestRate(`${labels}, status=~"5.."`, pace)} or ${requestRate(labels, pace)} * 0) / ${requestRate(labels, pace)}`;

/** The 95th percentile of the answers' seconds, by instance. */
export const p95Seconds = (labels: string, { rateWindowSeconds }: Pace): string =>
  `histogram_quantile(0.95, sum by (instance, le) (rate(http_request_duration_seconds_bucket{${labels}, ${users}}[${rateWindowSeconds}s])))`;
