// Above 400 lines: one scrape from its request to its samples in the head, with each of its limits and reports.
import { requestHeaders } from '../config/http-client-config.ts';
import type { ScrapeConfig } from '../config/scrape-config.ts';
import { Labels } from '../labels/labels.ts';
import { isValidUtf8 } from '../promql/parser/go-quote.ts';
import { type MutableLabels, relabel } from '../relabel/relabel.ts';
import type { ExemplarRing } from '../storage/exemplars.ts';
import { type Head, isTooFarAhead } from '../storage/head.ts';
import type { MemorySeries } from '../storage/series.ts';
import { expositionFormat } from './exposition/content-type.ts';
import {
  decodeBody,
  type Exposition,
  type MetricMetadata,
  type ParsedSample,
} from './exposition/exposition.ts';
import { normalizeFloatLabels } from './exposition/float-label.ts';
import { parseOpenMetrics } from './exposition/open-metrics-parser.ts';
import { detached, parseSeries } from './exposition/series-text.ts';
import { parseText } from './exposition/text-parser.ts';
import { type Agents, httpGet } from './http-get.ts';
import { scrapeOffsetMs, type Target } from './target.ts';

/** A scrape that starts this close to its due time is stamped with the due time, which compresses better. */
const timestampToleranceMs = 2;
const acceptHeaders: Readonly<Record<string, string>> = {
  'OpenMetricsText1.0.0': 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8',
  'OpenMetricsText0.0.1': 'application/openmetrics-text;version=0.0.1',
  'PrometheusText1.0.0': 'text/plain;version=1.0.0;escaping=allow-utf-8',
  'PrometheusText0.0.4': 'text/plain;version=0.0.4',
};

export type TargetHealth = 'unknown' | 'up' | 'down';

/** Totals over all loops, for `/metrics`. */
export interface ScrapeCounters {
  outOfOrder: number;
  outOfBounds: number;
  duplicate: number;
  sampleLimit: number;
  bodySizeLimit: number;
}

export interface ScrapeSink {
  readonly head: Head;
  readonly exemplars: ExemplarRing;
  readonly counters: ScrapeCounters;
  /** Told after each scrape: planned and real interval. */
  observeInterval?(intervalMs: number, actualMs: number): void;
}

interface CachedSeries {
  labels: Labels;
  series: MemorySeries | undefined;
  /** The last scrape that had it. */
  round: number;
  /** Whether it was counted as added. */
  isCounted: boolean;
}

interface SampleCounts {
  scraped: number;
  postRelabel: number;
  added: number;
}

/** Why a sample of a scrape that is taken may itself not be taken. */
const dropCauses = ['outOfOrder', 'duplicate', 'outOfBounds'] as const;
type DropCause = (typeof dropCauses)[number];
const dropMessages: Readonly<Record<DropCause, string>> = {
  outOfOrder: 'out-of-order samples',
  duplicate: 'samples with different value but same timestamp',
  outOfBounds: 'samples that are too old or are too far into the future',
};

/** Scrapes one target for as long as it is wanted. */
export class ScrapeLoop {
  readonly target: Target;
  readonly #config: ScrapeConfig;
  readonly #sink: ScrapeSink;
  readonly #agents: Agents;
  readonly #offsetMs: number;
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  readonly #warnedOf = new Set<DropCause>();
  #cache = new Map<string, CachedSeries | 'dropped'>();
  /** The series of the last scrape without a timestamp of their own: when one is missing from the next, it is stale. */
  #present = new Map<string, MemorySeries>();
  #round = 0;
  #stopped = false;
  health: TargetHealth = 'unknown';
  lastError = '';
  lastScrapeMs: number | undefined;
  lastDurationSeconds = 0;
  metadata = new Map<string, MetricMetadata>();

  constructor(target: Target, config: ScrapeConfig, sink: ScrapeSink, agents: Agents) {
    this.target = target;
    this.#config = config;
    this.#sink = sink;
    this.#agents = agents;
    this.#offsetMs = scrapeOffsetMs(target);
  }

  start(): void {
    this.#schedule(this.#nextDue(Date.now()));
  }

  /**
   * Stops scraping. Unless the target lives on in another loop, its series are marked stale a little more than two
   * intervals later, as in Prometheus: a target that comes back meanwhile keeps its series.
   */
  stop(options: { markStale: boolean }): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#abort.abort();
    if (!options.markStale) return;
    const interval = this.target.intervalMs;
    const staleAt = this.#nextDue(Date.now());
    this.#timer = setTimeout(() => this.#markAllStale(staleAt), staleAt - Date.now() + interval * 1.1);
    this.#timer.unref();
  }

  /** Forgets a pending stale marking: the server ends, or the target is back. */
  cancelStaleness(): void {
    if (this.#stopped) clearTimeout(this.#timer);
  }

  #nextDue(nowMs: number): number {
    const interval = this.target.intervalMs;
    return Math.floor((nowMs - this.#offsetMs) / interval) * interval + interval + this.#offsetMs;
  }

  #schedule(dueMs: number): void {
    this.#timer = setTimeout(
      () => {
        void this.#run(dueMs).finally(() => {
          if (!this.#stopped) this.#schedule(this.#nextDue(Math.max(Date.now(), dueMs)));
        });
      },
      Math.max(0, dueMs - Date.now()),
    );
  }

  async #run(dueMs: number): Promise<void> {
    const startedAt = Date.now();
    const tolerance = Math.min(timestampToleranceMs, this.target.intervalMs / 100);
    const timeMs = startedAt - dueMs <= tolerance && startedAt >= dueMs ? dueMs : startedAt;
    if (this.lastScrapeMs !== undefined)
      this.#sink.observeInterval?.(this.target.intervalMs, startedAt - this.lastScrapeMs);
    const started = performance.now();
    const elapsed = (): number => (performance.now() - started) / 1000;
    let counts: SampleCounts = { scraped: 0, postRelabel: 0, added: 0 };
    let failure: string | undefined;
    try {
      const response = await this.#fetch();
      if (this.#stopped) return;
      counts = this.#ingest(this.#parse(response.contentType, response.body), timeMs);
    } catch (error) {
      if (this.#stopped) return;
      failure = error instanceof Error ? error.message : String(error);
      if (failure === 'body size limit exceeded') this.#sink.counters.bodySizeLimit++;
      if (error instanceof IngestError) counts = error.counts;
      this.#endRound(timeMs, new Map());
    }
    this.health = failure === undefined ? 'up' : 'down';
    this.lastError = failure ?? '';
    this.lastScrapeMs = startedAt;
    this.lastDurationSeconds = elapsed();
    this.#report(timeMs, failure === undefined, counts);
  }

  #fetch() {
    const config = this.#config;
    const protocols = config.scrapeProtocols;
    const accept = protocols.map(
      (name, index) => `${acceptHeaders[name]};q=0.${protocols.length + 1 - index}`,
    );
    return httpGet(this.target.url, {
      headers: {
        Accept: `${accept.join(',')},*/*;q=0.1`,
        'Accept-Encoding': config.enableCompression ? 'gzip' : 'identity',
        'User-Agent': 'Prometheus/3-embedded',
        'X-Prometheus-Scrape-Timeout-Seconds': String(this.target.timeoutMs / 1000),
        ...requestHeaders(config.http),
      },
      timeoutMs: this.target.timeoutMs,
      bodySizeLimitBytes: config.bodySizeLimitBytes,
      followRedirects: config.http.follow_redirects ?? true,
      agents: this.#agents,
      signal: this.#abort.signal,
    });
  }

  #parse(contentType: string, body: Buffer): Exposition {
    // An empty page is an empty scrape, whatever it says to be.
    if (body.length === 0) return { samples: [], metadata: new Map(), failure: undefined };
    const format = expositionFormat(contentType, this.#config.fallbackScrapeProtocol);
    return format === 'OpenMetrics' ? parseOpenMetrics(decodeBody(body)) : parseText(decodeBody(body));
  }

  /** Takes all samples of a scrape, or, when one of them may not be taken, none. */
  #ingest(exposition: Exposition, scrapeMs: number): SampleCounts {
    const { head, exemplars, counters } = this.#sink;
    const { honorTimestamps, trackTimestampsStaleness, sampleLimit } = this.#config;
    this.#round++;
    const taken: { cached: CachedSeries; sample: ParsedSample; isRepeated: boolean }[] = [];
    const counts: SampleCounts = { scraped: 0, postRelabel: 0, added: 0 };
    const refuse = (message: string): never => {
      // Prometheus counts a series as added when it is first seen, also where the scrape then fails.
      for (const { cached } of taken) counts.added += firstSight(cached);
      throw new IngestError(message, counts);
    };
    for (const sample of exposition.samples) {
      counts.scraped++;
      let cached = this.#cache.get(sample.series);
      if (cached === undefined) {
        const text = detached(sample.series);
        try {
          const labels = this.#seriesLabels(normalizeFloatLabels(parseSeries(text), sample.type));
          cached =
            labels === undefined
              ? 'dropped'
              : { labels, series: head.find(labels), round: 0, isCounted: false };
        } catch (error) {
          return refuse((error as Error).message);
        }
        this.#cache.set(text, cached);
      }
      if (cached === 'dropped') continue;
      const isRepeated = cached.round === this.#round;
      cached.round = this.#round;
      taken.push({ cached, sample, isRepeated });
      counts.postRelabel++;
    }
    if (exposition.failure !== undefined) return refuse(exposition.failure.message);
    if (sampleLimit > 0 && taken.length > sampleLimit) {
      counters.sampleLimit++;
      taken.length = sampleLimit;
      return refuse('sample limit exceeded');
    }

    const present = new Map<string, MemorySeries>();
    const dropped = { outOfOrder: 0, duplicate: 0, outOfBounds: 0 };
    for (const { cached, sample, isRepeated } of taken) {
      const ownTimeMs = honorTimestamps ? sample.timeMs : undefined;
      const timeMs = ownTimeMs ?? scrapeMs;
      if (isTooFarAhead(timeMs, scrapeMs)) {
        dropped.outOfBounds++;
        continue;
      }
      if (isRepeated && ownTimeMs === undefined) {
        dropped.duplicate++;
        continue;
      }
      if (cached.series === undefined || cached.series.gone) {
        cached.series = head.series(cached.labels);
        cached.labels = cached.series.labels;
      }
      const outcome = head.append(cached.series, timeMs, sample.value);
      if (outcome === 'ok') counts.added += firstSight(cached);
      else if (outcome === 'out-of-order' || outcome === 'too-old') dropped.outOfOrder++;
      else if (outcome === 'out-of-bounds') dropped.outOfBounds++;
      else if (outcome === 'duplicate') dropped.duplicate++;
      if (ownTimeMs === undefined || trackTimestampsStaleness) present.set(cached.labels.key, cached.series);
      if (sample.exemplar !== undefined) {
        exemplars.append(cached.labels, {
          labels: Labels.from(sample.exemplar.labels),
          value: sample.exemplar.value,
          timeMs: sample.exemplar.timeMs ?? timeMs,
        });
      }
    }
    for (const cause of dropCauses) {
      counters[cause] += dropped[cause];
      this.#warnOfDropped(cause, dropped[cause]);
    }
    this.metadata = exposition.metadata;
    this.#endRound(scrapeMs, present);
    if (this.#cache.size > 2 * exposition.samples.length + 100) this.#forgetUnused();
    return counts;
  }

  /** Once for each cause, until a scrape is without: a target that lies about the time does so at every scrape. */
  #warnOfDropped(cause: DropCause, dropped: number): void {
    if (dropped > 0 && !this.#warnedOf.has(cause)) {
      process.stderr.write(
        `level=WARN component="scrape manager" scrape_pool=${JSON.stringify(this.#config.jobName)} target=${this.target.url} msg="Error on ingesting ${dropMessages[cause]}" num_dropped=${dropped}\n`,
      );
    }
    if (dropped > 0) this.#warnedOf.add(cause);
    else this.#warnedOf.delete(cause);
  }

  /** Labels of a scraped series: the target's joined in, metric relabelling applied, limits checked. */
  #seriesLabels(parsed: readonly (readonly [string, string])[]): Labels | undefined {
    const config = this.#config;
    const labels: MutableLabels = new Map(parsed.filter(([, value]) => value !== ''));
    if (config.honorLabels) {
      for (const [name, value] of this.target.labels.pairs)
        if (!parsed.some(([own]) => own === name)) labels.set(name, value);
    } else {
      const renamed: [string, string][] = [];
      for (const [name, value] of this.target.labels.pairs) {
        const own = labels.get(name);
        if (own !== undefined) renamed.push([name, own]);
        labels.set(name, value);
      }
      for (const [name, value] of renamed) {
        let free = `exported_${name}`;
        while (labels.has(free)) free = `exported_${free}`;
        labels.set(free, value);
      }
    }
    if (!relabel(labels, config.metricRelabelConfigs)) return undefined;
    const name = labels.get('__name__');
    if (name === undefined) throw new Error('missing metric name (__name__ label)');
    const result = Labels.from(labels);
    for (const [label, value] of result.pairs) {
      const isValid = label !== '' && isValidUtf8(label) && isValidUtf8(value);
      if (!isValid) throw new Error(`invalid metric name or label names: ${result.toString()}`);
    }
    const { labelLimit, labelNameLengthLimit, labelValueLengthLimit } = config;
    if (labelLimit > 0 && labels.size > labelLimit) {
      throw new Error(
        `label_limit exceeded (metric: ${JSON.stringify(name.slice(0, 50))}, number of labels: ${labels.size}, limit: ${labelLimit})`,
      );
    }
    for (const [label, value] of labels) {
      const shown = `(metric: ${JSON.stringify(name.slice(0, 50))}, label name: ${JSON.stringify(label.slice(0, 50))}`;
      if (labelNameLengthLimit > 0 && label.length > labelNameLengthLimit) {
        throw new Error(
          `label_name_length_limit exceeded ${shown}, length: ${label.length}, limit: ${labelNameLengthLimit})`,
        );
      }
      if (labelValueLengthLimit > 0 && value.length > labelValueLengthLimit) {
        throw new Error(
          `label_value_length_limit exceeded ${shown}, value: ${JSON.stringify(value.slice(0, 50))}, length: ${value.length}, limit: ${labelValueLengthLimit})`,
        );
      }
    }
    return result;
  }

  /** Marks what the last scrape had and this one has not. */
  #endRound(timeMs: number, present: Map<string, MemorySeries>): void {
    for (const [key, series] of this.#present) {
      if (!present.has(key) && !series.gone) this.#sink.head.append(series, timeMs, Number.NaN, true);
    }
    this.#present = present;
  }

  #forgetUnused(): void {
    for (const [text, cached] of this.#cache)
      if (cached === 'dropped' || cached.round !== this.#round) this.#cache.delete(text);
  }

  #reportSeries(name: string): MemorySeries {
    return this.#sink.head.series(Labels.from([['__name__', name], ...this.target.labels.pairs]));
  }

  #report(timeMs: number, up: boolean, counts: SampleCounts): void {
    const values: readonly (readonly [string, number])[] = [
      ['up', up ? 1 : 0],
      ['scrape_duration_seconds', this.lastDurationSeconds],
      ['scrape_samples_scraped', counts.scraped],
      ['scrape_samples_post_metric_relabeling', counts.postRelabel],
      ['scrape_series_added', counts.added],
    ];
    for (const [name, value] of values) this.#sink.head.append(this.#reportSeries(name), timeMs, value);
  }

  #markAllStale(timeMs: number): void {
    this.#endRound(timeMs, new Map());
    for (const name of reportNames)
      this.#sink.head.append(this.#reportSeries(name), timeMs, Number.NaN, true);
  }
}

const reportNames = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
] as const;

/** A scrape that was read and must not be kept; the report series still tell its size. */
class IngestError extends Error {
  readonly counts: SampleCounts;

  constructor(message: string, counts: SampleCounts) {
    super(message);
    this.counts = counts;
  }
}

/** 1 at the first sight of a series, then 0. */
function firstSight(cached: CachedSeries): 0 | 1 {
  if (cached.isCounted) return 0;
  cached.isCounted = true;
  return 1;
}
