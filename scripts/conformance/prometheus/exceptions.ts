/** Recordings that are not compared value by value, each with its reason. */

/** Same status, same headers, same members, same types; of a list every item. */
export const byShape: Readonly<Record<string, string>> = {
  '011-metrics': 'the metrics of a Go process; compared by content type',
  '026-query-limit':
    'which of the series stay is not defined, as vectors have no order; as many, and the warning',
  '031-query-lookback-delta': 'whether a sample is younger than a second depends on the moment',
  '119-label-values-name':
    'metric names of a Go process; those of the shop and the rules must be there, sorted',
  '109-labels': 'label names of a Go process; those of the shop and the rules must be there, sorted',
  '123-label-values-limit': 'which of the values stay is not defined; as many, and the warning',
  '136-series-end-before-start': 'a range that ends before it starts has no defined answer',
  '147-metadata': 'which of the metrics stay is not defined, and they are those of a Go process; as many',
  '166-query-exemplars': 'the exemplars of the moment; the series are compared',
  '167-query-exemplars-selector': 'the exemplars of the moment; the series are compared',
  '171-query-exemplars-no-range': 'the exemplars of the moment; the series are compared',
  '173-status-config': 'settings that the embedded server does not have are not shown',
  '174-status-flags': 'values of flags; every name must be there',
  '175-status-buildinfo': 'version and build',
  '176-status-runtimeinfo': 'host and process',
  '177-status-tsdb': 'counts of the metrics of a Go process',
  '179-status-tsdb-limit': 'counts of the metrics of a Go process; as many',
};

/** Of these by shape, lists hold as many items as recorded. */
export const sameLength: ReadonlySet<string> = new Set([
  '026-query-limit',
  '123-label-values-limit',
  '147-metadata',
  '177-status-tsdb',
  '179-status-tsdb-limit',
]);

/** Of these by shape the list may be empty or not, unlike the recorded one. */
export const emptyOrNot: ReadonlySet<string> = new Set([
  '031-query-lookback-delta',
  '136-series-end-before-start',
]);

/** Members of `data` bear names of their own: the first speaks for all. */
export const namedByData: ReadonlySet<string> = new Set(['147-metadata']);

/** Names that are not those of the Go process: what the shop, the scrapes and the rules bring. */
export const namesThere: Readonly<Record<string, readonly string[]>> = {
  '109-labels': (
    '__name__ alertname alertstate code env instance job kind le method note path port quantile ' +
    'queue severity team version'
  ).split(' '),
  '119-label-values-name': (
    'ALERTS ALERTS_FOR_STATE build_info http_requests_total job:http_requests:rate30s queue_depth ' +
    'request_duration_seconds_bucket request_duration_seconds_count request_duration_seconds_sum rpc_seconds ' +
    'rpc_seconds_count rpc_seconds_sum scrape_duration_seconds scrape_samples_post_metric_relabeling ' +
    'scrape_samples_scraped scrape_series_added up'
  ).split(' '),
};

/** Metrics whose samples tell of the moment: within bounds instead of equal. Everything else of the answer is compared. */
export const boundedMetrics: Readonly<Record<string, { readonly from: number; readonly to: number }>> = {
  ALERTS_FOR_STATE: { from: 1_795_217_342 - 120, to: 1_795_217_342 },
  scrape_duration_seconds: { from: 0, to: 1 },
};
export const boundedSamples: Readonly<Record<string, string>> = {
  '033-query-alerts-for-state':
    'the value is the moment at which the alert became active: within the last two minutes',
  '037-query-scrape-series':
    'the duration of the scrape (below its timeout) and the moment of the alert are among them',
};

/**
 * Rates: the recorded scrapes were stamped to the millisecond of their turn. One that starts late is stamped with when it
 * started, and 90 ms in a window of 20 s are half a per cent. All other values are compared to the last digit.
 */
export const rates: ReadonlySet<string> = new Set([
  '019-query-rate',
  '020-query-histogram-quantile',
  '034-query-recorded',
  '087-range-rate',
  '096-range-post',
]);
export const rateTolerance = 0.005;

/** The moments of samples, in seconds: when the scrape came, and when the question. */
export const momentTolerance: Readonly<Record<string, number>> = {
  '016-query-matrix': 2,
  '042-query-default-time': 30,
};

/**
 * Lists without a defined order: alerts come from a Go map; of instant vectors the documentation of the HTTP API says
 * that "series are not guaranteed to be returned in any particular order unless a function like sort is used".
 */
export function unordered(member: string, parent: Readonly<Record<string, unknown>>): boolean {
  return member === 'alerts' || (member === 'result' && parent.resultType === 'vector');
}

/** Sorted by value: what has the same value has no order. */
export const sortedByValue: ReadonlySet<string> = new Set(['035-query-sort-desc']);

/** Not asked at all. */
export const skipped: Readonly<Record<string, string>> = {
  '187-admin-tsdb-snapshot': 'samples live in memory: there are no blocks to link into a snapshot',
};
