import { createApp } from '../http/app.ts';
import { listen } from '../http/listen.ts';
import type { StartedServer } from '../http/run-server.ts';
import { addAdminRoutes } from './api/admin-routes.ts';
import { addFederation } from './api/federate.ts';
import { addManagementRoutes } from './api/management-routes.ts';
import { addPages } from './api/pages.ts';
import { prefixed } from './api/prefixed.ts';
import { addQueryRoutes } from './api/query-routes.ts';
import { addRemoteWrite } from './api/remote-write.ts';
import { Routing } from './api/routing.ts';
import { addRuleRoutes } from './api/rule-routes.ts';
import { addSeriesRoutes } from './api/series-routes.ts';
import { addStatusRoutes } from './api/status-routes.ts';
import { addTargetRoutes } from './api/target-routes.ts';
import { type Config, loadConfig } from './config/config.ts';
import { marshalConfig } from './config/marshal-config.ts';
import type { Flags } from './flags.ts';
import { Labels } from './labels/labels.ts';
import { createMetrics, type ServerMetrics } from './metrics/metrics.ts';
import { Notifier } from './notify/notifier.ts';
import { createEngine, type EngineOptions } from './promql/engine.ts';
import type { ParserOptions } from './promql/parser/parse.ts';
import type { QueryResult, VectorSample } from './promql/result.ts';
import { Answerer } from './query/answerer.ts';
import { QueryThreads, type ThreadProgram } from './query/query-threads.ts';
import { notificationsOf } from './rules/notifications.ts';
import { loadRuleFile } from './rules/rule-file.ts';
import { RuleManager } from './rules/rule-manager.ts';
import { globFiles } from './scrape/discovery.ts';
import { ScrapeManager } from './scrape/scrape-manager.ts';
import { ExemplarRing } from './storage/exemplars.ts';
import { Head } from './storage/head.ts';
import { importFile } from './storage/import.ts';

const retentionCheckMs = 5000;

export interface PrometheusServer extends StartedServer {
  readonly port: number;
  readonly head: Head;
}

/**
 * Wires everything together and serves it; `program` runs in the threads of heavy queries. Rejects with one sentence when
 * the configuration or the address is bad.
 */
export async function startPrometheus(flags: Flags, program: ThreadProgram): Promise<PrometheusServer> {
  const startedAtMs = Date.now();
  const parser: ParserOptions = {
    experimentalFunctions: flags.features.has('promql-experimental-functions'),
    // Behind --enable-feature=promql-duration-expr until 3.13, always there since 3.14.
    durationExpressions: true,
    extendedRangeSelectors: flags.features.has('promql-extended-range-selectors'),
    fillModifiers: flags.features.has('promql-binop-fill-modifiers'),
  };
  const head = new Head({ retentionMs: flags.retentionMs, retentionBytes: flags.retentionBytes });
  const exemplars = new ExemplarRing(0);
  const rules = new RuleManager();
  const notifier = new Notifier({ queueCapacity: flags.queueCapacity, batchSize: flags.batchSize });
  const scrapeCounters = { outOfOrder: 0, outOfBounds: 0, duplicate: 0, sampleLimit: 0, bodySizeLimit: 0 };
  const ruleCounters = { evaluations: 0, failures: 0, missed: 0 };
  let metrics: ServerMetrics | undefined;
  const scrapes = new ScrapeManager({
    head,
    exemplars,
    counters: scrapeCounters,
    observeInterval: (intervalMs, actualMs) => metrics?.observeScrapeInterval(intervalMs, actualMs),
  });

  let engineOptions: EngineOptions = {};
  let engine = createEngine(engineOptions);
  const threads = new QueryThreads(program, flags.maxConcurrency);
  const answerer = new Answerer(head, threads, () => engineOptions);
  let config: Config | undefined;
  let environmentText = '';
  let reload = { success: false, timeMs: 0 };

  const query = (text: string, timeMs: number): VectorSample[] =>
    vectorOf(engine.instantQuery(head, text, timeMs, { timeoutMs: flags.queryTimeoutMs }));

  /** Everything is read and checked first; only then is anything changed. */
  const load = (): void => {
    const next = loadConfig(flags.configFile);
    const definitions = [
      ...new Set(next.ruleFiles.flatMap((pattern) => globFiles(pattern, next.baseDirectory))),
    ].flatMap((file) => loadRuleFile(file, parser));
    // The one step that can still fail: it reads certificates.
    scrapes.apply(next.scrapeConfigs, next.baseDirectory);
    config = next;
    head.options.outOfOrderWindowMs = next.outOfOrderWindowMs;
    exemplars.resize(flags.features.has('exemplar-storage') ? next.maxExemplars : 0);
    engineOptions = {
      lookbackMs: flags.lookbackMs,
      maxSamples: flags.maxSamples,
      timeoutMs: flags.queryTimeoutMs,
      subqueryStepMs: next.global.evaluationIntervalMs,
      ...parser,
      delayedNameRemoval: flags.features.has('promql-delayed-name-removal'),
      startTimestamps: flags.features.has('use-start-timestamps'),
    };
    engine = createEngine(engineOptions);
    const newEnvironment = JSON.stringify(next.global.externalLabels);
    notifier.apply(
      next.alertmanagers,
      next.alertRelabelConfigs,
      next.global.externalLabels,
      next.baseDirectory,
    );
    rules.apply(
      definitions,
      { intervalMs: next.global.evaluationIntervalMs, queryOffsetMs: next.global.ruleQueryOffsetMs },
      {
        head,
        resendDelayMs: flags.resendDelayMs,
        counters: ruleCounters,
        query,
        environment: {
          query: (text) => query(text, Date.now()),
          externalUrl: flags.externalUrl,
          externalLabels: new Map(Object.entries(next.global.externalLabels)),
        },
        notify: (alerts, expr) => notifier.send(notificationsOf(alerts, expr, flags.externalUrl)),
      },
      newEnvironment !== environmentText,
    );
    environmentText = newEnvironment;
    reload = { success: true, timeMs: Date.now() };
  };

  if (flags.importFile !== '') importFile(head, flags.importFile);
  const app = createApp();
  metrics = createMetrics({
    head,
    exemplars,
    scrapes,
    rules,
    notifier,
    scrapeCounters,
    ruleCounters,
    lastReload: () => reload,
  });
  const routing = new Routing(app, metrics.observeRequest);
  let port = 0;
  addManagementRoutes(routing, {
    registry: metrics.registry,
    lifecycle: flags.enableLifecycle,
    reload: () => {
      try {
        load();
      } catch (error) {
        reload = { ...reload, success: false };
        throw error;
      }
    },
    configFile: flags.configFile,
    routePrefix: flags.routePrefix,
    quit: () => process.kill(process.pid, 'SIGTERM'),
  });
  addQueryRoutes(routing, {
    ask: (question, signal) => answerer.ask(engine, question, signal),
    exemplars,
    parser,
    timeoutMs: flags.queryTimeoutMs,
    perStepStats: flags.features.has('promql-per-step-stats'),
    observeQuery: metrics.observeQuery,
  });
  addSeriesRoutes(routing, head);
  addTargetRoutes(routing, { scrapes, notifier, externalUrl: new URL(flags.externalUrl), port: () => port });
  addRuleRoutes(routing, rules, parser);
  addStatusRoutes(routing, {
    flags,
    head,
    startedAtMs,
    configYaml: () => (config === undefined ? '' : marshalConfig(config)),
    lastReload: () => reload,
  });
  addAdminRoutes(routing, head, flags.enableAdminApi);
  addRemoteWrite(routing, head, exemplars, flags.enableRemoteWrite);
  addFederation(routing, {
    head,
    lookbackMs: flags.lookbackMs,
    externalLabels: () => config?.global.externalLabels ?? {},
    metadata: (name) => {
      for (const pool of scrapes.pools)
        for (const loop of pool.loops) if (loop.metadata.has(name)) return loop.metadata.get(name);
      return undefined;
    },
  });
  addPages(routing, flags.routePrefix);
  routing.finish();

  // The address first: nothing is scraped by a server that cannot be asked.
  const server = await listen(prefixed(app, flags.routePrefix), flags.listenAddress);
  port = server.port;
  try {
    load();
  } catch (error) {
    await server.close(0);
    throw new Error(`Error loading config (--config.file=${flags.configFile}): ${(error as Error).message}`, {
      cause: error,
    });
  }
  const retention = setInterval(() => {
    if (head.dropFuture())
      process.stderr.write('level=WARN msg="The clock was set back: samples of the future dropped"\n');
    head.enforceRetention();
  }, retentionCheckMs);
  return {
    url: server.url,
    port,
    head,
    async close() {
      clearInterval(retention);
      threads.stop();
      scrapes.stop();
      rules.stop();
      notifier.stop();
      await server.close();
    },
  };
}

/** A rule's expression gives a vector or a scalar, which counts as one sample without labels. */
function vectorOf(result: QueryResult): VectorSample[] {
  if (result.type === 'vector') return [...result.samples];
  if (result.type === 'scalar') return [{ labels: Labels.empty, timeMs: result.timeMs, value: result.value }];
  throw new Error('rule result is not a vector or scalar');
}
