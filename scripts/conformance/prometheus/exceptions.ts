/** Recordings that are not compared member by member, each with its reason. */

/** Same status, same members, same types. */
export const byShape: Readonly<Record<string, string>> = {
  '011-metrics': 'the metrics of a Go process; compared by content type',
  '020-query-histogram-quantile': 'the buckets of the recorded target are not known to the last count',
  '026-query-limit': 'which of the series stay follows the order in which the targets were first scraped',
  '029-query-stats': 'timings',
  '030-query-stats-all': 'timings',
  '031-query-lookback-delta': 'whether a sample is younger than a second depends on the moment',
  '042-query-default-time': 'the time of asking',
  '095-range-stats': 'timings',
  '109-labels': 'label names of the metrics of a Go process',
  '119-label-values-name': 'metric names of a Go process',
  '123-label-values-limit': 'which of the values stay is not defined',
  '132-series-limit': 'which of the series stay follows the order in which the targets were first scraped',
  '136-series-end-before-start': 'a range that ends before it starts has no defined answer',
  '147-metadata': 'which of the metrics stay is not defined, and they are those of a Go process',
  '166-query-exemplars': 'the exemplars of the moment',
  '167-query-exemplars-selector': 'the exemplars of the moment',
  '171-query-exemplars-no-range': 'the exemplars of the moment',
  '173-status-config': 'settings that the embedded server does not have are not shown',
  '174-status-flags': 'values of flags',
  '175-status-buildinfo': 'version and build',
  '176-status-runtimeinfo': 'host and process',
  '177-status-tsdb': 'counts of the metrics of a Go process',
  '179-status-tsdb-limit': 'counts of the metrics of a Go process',
};

/** Of these the list may also be empty: an undefined answer follows where the head's chunks happen to begin. */
export const maybeEmpty: ReadonlySet<string> = new Set(['136-series-end-before-start']);

/** Members of `data` bear names of their own: the first speaks for all. */
export const namedByData: ReadonlySet<string> = new Set(['147-metadata']);

/** Labels as recorded, values any number. */
export const anyValue: Readonly<Record<string, string>> = {
  '033-query-alerts-for-state': 'the value is the moment at which the alerts became active',
  '037-query-scrape-series': 'the duration of the scrape is among them',
};

/** Not asked at all. */
export const skipped: Readonly<Record<string, string>> = {
  '187-admin-tsdb-snapshot': 'samples live in memory: there are no blocks to link into a snapshot',
};
