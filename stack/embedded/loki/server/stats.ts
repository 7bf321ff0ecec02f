import type { QueryStatistics } from '../engine/statistics.ts';

const dataobj = {
  prePredicateDecompressedRows: 0,
  prePredicateDecompressedBytes: 0,
  prePredicateDecompressedStructuredMetadataBytes: 0,
  postPredicateRows: 0,
  postPredicateDecompressedBytes: 0,
  postPredicateStructuredMetadataBytes: 0,
  postFilterRows: 0,
  pagesScanned: 0,
  pagesDownloaded: 0,
  pagesDownloadedBytes: 0,
  pageBatches: 0,
  totalRowsAvailable: 0,
  totalPageDownloadTime: 0,
};

function storeOf(statistics: QueryStatistics | undefined) {
  return {
    totalChunksRef: statistics?.chunks ?? 0,
    totalChunksDownloaded: statistics?.chunks ?? 0,
    chunksDownloadTime: 0,
    queryReferencedStructuredMetadata: false,
    queryUsedV2Engine: false,
    chunk: {
      headChunkBytes: 0,
      headChunkLines: 0,
      decompressedBytes: statistics?.bytes ?? 0,
      decompressedLines: statistics?.lines ?? 0,
      compressedBytes: statistics?.compressedBytes ?? 0,
      totalDuplicates: 0,
      postFilterLines: statistics?.linesAfterFilter ?? 0,
      headChunkStructuredMetadataBytes: 0,
      decompressedStructuredMetadataBytes: statistics?.structuredMetadataBytes ?? 0,
    },
    chunkRefsFetchTime: 0,
    congestionControlLatency: 0,
    pipelineWrapperFilteredLines: 0,
    dataobj,
  };
}

const cache = {
  entriesFound: 0,
  entriesRequested: 0,
  entriesStored: 0,
  bytesReceived: 0,
  bytesSent: 0,
  requests: 0,
  downloadTime: 0,
  queryLengthServed: 0,
};

/** The `stats` of an answer, in Loki's shape. What a single process without caches cannot have is 0. */
export function statsOf(statistics: QueryStatistics, seconds: number, recent = false) {
  return {
    summary: {
      bytesProcessedPerSecond: Math.round(statistics.bytes / Math.max(seconds, 1e-9)),
      linesProcessedPerSecond: Math.round(statistics.lines / Math.max(seconds, 1e-9)),
      totalBytesProcessed: statistics.bytes,
      totalLinesProcessed: statistics.lines,
      execTime: seconds,
      queueTime: 0,
      subqueries: 0,
      totalEntriesReturned: statistics.entriesReturned,
      splits: 0,
      shards: 1,
      totalPostFilterLines: statistics.linesAfterFilter,
      totalStructuredMetadataBytesProcessed: statistics.structuredMetadataBytes,
    },
    querier: { store: storeOf(statistics), querierExecTime: seconds },
    ingester: {
      totalReached: recent ? 1 : 0,
      // Only where the range reaches into what ingesters still hold are they asked.
      ...(recent ? { recvWaitTime: 0 } : {}),
      totalChunksMatched: 0,
      totalBatches: 0,
      totalLinesSent: 0,
      store: storeOf(undefined),
    },
    cache: {
      chunk: cache,
      index: cache,
      result: cache,
      statsResult: cache,
      volumeResult: cache,
      seriesResult: cache,
      labelResult: cache,
      instantMetricResult: cache,
    },
    index: {
      totalChunks: 0,
      postFilterChunks: 0,
      shardsDuration: 0,
      usedBloomFilters: false,
      totalStreams: 0,
      chunkRefsLookupTime: 0,
      bloomFilterTime: 0,
    },
  };
}
