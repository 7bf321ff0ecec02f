// What several exercises ask of Prometheus.
import type { Pace } from '../../stack/pace.ts';
import { freshSeconds } from './windows.ts';

export const replicas = ['api-1', 'api-2', 'api-3'] as const;

/** Leaves out probes and scrapes: users do not send them. */
export const userRequests = 'endpoint!~".*/(metrics|health|ready)"';

export const p95Of = (instance: string): string =>
  `instance:http_request_duration_seconds:p95{instance=~"${instance}"}`;
export const p99Of = (instance: string): string =>
  `instance:http_request_duration_seconds:p99{instance=~"${instance}"}`;
export const rateOf = (instance: string): string => `instance:http_requests:rate{instance=~"${instance}"}`;

export const freshQuantile = (quantile: number, instance: string, pace: Pace): string =>
  `histogram_quantile(${quantile}, sum by (le) (rate(http_request_duration_seconds_bucket{job="api", instance="${instance}", ${userRequests}}[${freshSeconds(pace)}s])))`;
export const freshRate = (instance: string, pace: Pace): string =>
  `sum(rate(http_requests_total{job="api", instance="${instance}", ${userRequests}}[${freshSeconds(pace)}s]))`;

/** All replicas but this one, as a regular expression. */
export const allBut = (instance: string): string => replicas.filter((one) => one !== instance).join('|');
