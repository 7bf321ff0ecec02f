/** What a query looked at: the numbers of the `stats` that its answer carries. */
export interface QueryStatistics {
  chunks: number;
  compressedBytes: number;
  bytes: number;
  lines: number;
  structuredMetadataBytes: number;
  linesAfterFilter: number;
  entriesReturned: number;
}

export function newStatistics(): QueryStatistics {
  return {
    chunks: 0,
    compressedBytes: 0,
    bytes: 0,
    lines: 0,
    structuredMetadataBytes: 0,
    linesAfterFilter: 0,
    entriesReturned: 0,
  };
}
