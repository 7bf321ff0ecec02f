import type http from 'node:http';
import { requestHeaders } from '../config/http-client-config.ts';
import type { ScrapeConfig } from '../config/scrape-config.ts';
import { Labels } from '../labels/labels.ts';
import { type MutableLabels, relabel } from '../relabel/relabel.ts';
import type { ExemplarRing } from '../storage/exemplars.ts';
import { type Head, isTooFarAhead } from '../storage/head.ts';
import type { MemorySeries } from '../storage/series.ts';
import type { Exposition, MetricMetadata } from './exposition/exposition.ts';
import { normalizeFloatLabels } from './exposition/float-label.ts';
import { parseOpenMetrics } from './exposition/open-metrics-parser.ts';
import { detached, parseSeries } from './exposition/series-text.ts';
import { parseText } from './exposition/text-parser.ts';
import { httpGet } from './http-get.ts';
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
}

/** Scrapes one target for as long as it is wanted. */
export class ScrapeLoop {
  readonly target: Target;
  readonly #config: ScrapeConfig;
  readonly #sink: ScrapeSink;
  readonly #agent: http.Agent;
  readonly #offsetMs: number;
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #isOutOfBounds = false;
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

  constructor(target: Target, config: ScrapeConfig, sink: ScrapeSink, agent: http.Agent) {
    this.target = target;
    this.#config = config;
    this.#sink = sink;
    this.#agent = agent;
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
    let counts = { scraped: 0, postRelabel: 0, added: 0 };
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
      agent: this.#agent,
      signal: this.#abort.signal,
    });
  }

  #parse(contentType: string, body: string): Exposition {
    const media = contentType.split(';')[0]!.trim().toLowerCase();
    if (media === 'application/openmetrics-text') return parseOpenMetrics(body);
    if (media === 'text/plain') return parseText(body);
    const fallback = this.#config.fallbackScrapeProtocol;
    if (fallback === undefined) {
      throw new Error(
        media === ''
          ? 'non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target'
          : `received unsupported Content-Type ${JSON.stringify(contentType)} and no fallback_scrape_protocol specified for target`,
      );
    }
    return fallback.startsWith('OpenMetrics') ? parseOpenMetrics(body) : parseText(body);
  }

  /** Takes all samples of a scrape, or, when one of them may not be taken, none. */
  #ingest(exposition: Exposition, scrapeMs: number) {
    const { head, exemplars, counters } = this.#sink;
    const { honorTimestamps, trackTimestampsStaleness, sampleLimit } = this.#config;
    this.#round++;
    const taken: { cached: CachedSeries; index: number }[] = [];
    for (const [index, sample] of exposition.samples.entries()) {
      let cached = this.#cache.get(sample.series);
      if (cached === undefined) {
        const text = detached(sample.series);
        const labels = this.#seriesLabels(normalizeFloatLabels(parseSeries(text), sample.type));
        cached = labels === undefined ? 'dropped' : { labels, series: head.find(labels), round: 0 };
        this.#cache.set(text, cached);
      }
      if (cached === 'dropped') continue;
      cached.round = this.#round;
      taken.push({ cached, index });
    }
    const counts = { scraped: exposition.samples.length, postRelabel: taken.length, added: 0 };
    if (sampleLimit > 0 && taken.length > sampleLimit) {
      counters.sampleLimit++;
      throw new IngestError('sample limit exceeded', counts);
    }

    const present = new Map<string, MemorySeries>();
    let outOfBounds = 0;
    for (const { cached, index } of taken) {
      const sample = exposition.samples[index]!;
      const timeMs = honorTimestamps ? (sample.timeMs ?? scrapeMs) : scrapeMs;
      if (isTooFarAhead(timeMs, scrapeMs)) {
        outOfBounds++;
        continue;
      }
      if (cached.series === undefined || cached.series.gone) {
        const before = head.seriesCount;
        cached.series = head.series(cached.labels);
        cached.labels = cached.series.labels;
        if (head.seriesCount > before) counts.added++;
      }
      const outcome = head.append(cached.series, timeMs, sample.value);
      if (outcome === 'out-of-order' || outcome === 'too-old') counters.outOfOrder++;
      else if (outcome === 'out-of-bounds') outOfBounds++;
      else if (outcome === 'duplicate') counters.duplicate++;
      const ownTime = honorTimestamps && sample.timeMs !== undefined;
      if (!ownTime || trackTimestampsStaleness) present.set(cached.labels.key, cached.series);
      if (sample.exemplar !== undefined) {
        exemplars.append(cached.labels, {
          labels: Labels.from(sample.exemplar.labels),
          value: sample.exemplar.value,
          timeMs: sample.exemplar.timeMs ?? timeMs,
        });
      }
    }
    counters.outOfBounds += outOfBounds;
    this.#warnOfBounds(outOfBounds);
    this.metadata = exposition.metadata;
    this.#endRound(scrapeMs, present);
    if (this.#cache.size > 2 * exposition.samples.length + 100) this.#forgetUnused();
    return counts;
  }

  /** Once, until a scrape is without: a target that lies about the time does so at every scrape. */
  #warnOfBounds(dropped: number): void {
    if (dropped > 0 && !this.#isOutOfBounds) {
      process.stderr.write(
        `level=WARN component="scrape manager" scrape_pool=${JSON.stringify(this.#config.jobName)} target=${this.target.url} msg="Error on ingesting samples that are too old or are too far into the future" num_dropped=${dropped}\n`,
      );
    }
    this.#isOutOfBounds = dropped > 0;
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
    if (name === undefined) throw new Error('metric name is missing');
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
    return Labels.from(labels);
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

  #report(
    timeMs: number,
    up: boolean,
    counts: { scraped: number; postRelabel: number; added: number },
  ): void {
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
  readonly counts: { scraped: number; postRelabel: number; added: number };

  constructor(message: string, counts: { scraped: number; postRelabel: number; added: number }) {
    super(message);
    this.counts = counts;
  }
}
