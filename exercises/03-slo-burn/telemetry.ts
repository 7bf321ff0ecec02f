import type { ExerciseContext } from '../../lab/exercise/model/model.ts';
import type { Pace } from '../../stack/pace.ts';
import { userRequests } from '../kit/queries.ts';
import { freshSeconds } from '../kit/windows.ts';

/** What this exercise is about, and the questions that its checks, tasks and solvers share. */
export const badVersion = '1.1.0';
export const failingEndpoint = '/api/v1/notes';
export const allowedRatio = 0.001;
/** From this burn rate on the fast alert fires (Site Reliability Workbook, chapter 5). */
export const pagesFrom = 14.4;

export const burnRate = (window: 'fast_short' | 'fast_long'): string =>
  `slo:availability:burn_rate{window="${window}"}`;

const atGateway = `job="gateway", ${userRequests}`;

/** The share of requests that fail now, at the gateway. */
export const freshErrorRatio = (pace: Pace): string =>
  `(sum(rate(http_requests_total{${atGateway}, status=~"5.."}[${freshSeconds(pace)}s])) or vector(0)) / sum(rate(http_requests_total{${atGateway}}[${freshSeconds(pace)}s]))`;

export const failuresByEndpoint = (pace: Pace): string =>
  `sum by (endpoint) (rate(http_requests_total{${atGateway}, status=~"5.."}[${pace.rateWindowSeconds}s])) > 0`;

export const replicasOn = (version: string): string => `count(build_info{job="api", version="${version}"})`;

export const failureLines = `{service="api", level="error"} | json | version="${badVersion}" | path="${failingEndpoint}"`;

/** The share of the client's requests that failed in the last seconds. */
export function clientErrorRatio(
  { ledger }: ExerciseContext,
  fromMs: number,
  toMs: number,
): { readonly requests: number; readonly errors: number; readonly ratio: number } {
  const { requests, errors } = ledger.count({ fromMs, toMs });
  return { requests, errors, ratio: requests === 0 ? Number.NaN : errors / requests };
}
