import type { PipelineConfig } from '../config/config.ts';
import type { Span } from '../model/span.ts';
import { TailSampler } from '../sampling/tail-sampler.ts';
import type { TraceStore } from '../storage/trace-store.ts';
import type { JaegerMetrics } from '../telemetry/metrics.ts';

/** How often decisions are taken: a fraction of the shortest useful `decision_wait`. */
const tickMs = 100;

export interface Pipeline {
  consume(spans: readonly Span[]): void;
  /** Stops the timers; what waits for a decision is decided with what has arrived. */
  close(): void;
}

type Consumer = (spans: readonly Span[]) => void;

/** Wires the pipelines of one receiver: processors in their order, then every exporter. */
export function createPipelines(
  configs: readonly PipelineConfig[],
  stores: ReadonlyMap<string, TraceStore>,
  metrics: JaegerMetrics,
  now: () => number = Date.now,
): Map<string, Pipeline> {
  const samplers: TailSampler[] = [];
  const events = configs.some((config) => config.tailSampling.length > 0)
    ? metrics.tailSampling(() => samplers.reduce((sum, sampler) => sum + sampler.tracesOnMemory, 0))
    : undefined;

  const byReceiver = new Map<string, Consumer[]>();
  for (const config of configs) {
    const exporters: Consumer[] = config.exporters.map(({ id, storage }) => (spans) => {
      stores.get(storage)!.write(spans);
      metrics.sent(id, spans.length);
    });
    let next: Consumer = (spans) => {
      for (const exporter of exporters) exporter(spans);
    };
    for (const { config: sampling } of [...config.tailSampling].reverse()) {
      const sampler = new TailSampler(sampling, next, events!);
      samplers.push(sampler);
      next = (spans) => sampler.consume(spans, now());
    }
    for (const receiver of config.receivers) {
      byReceiver.set(receiver, [...(byReceiver.get(receiver) ?? []), next]);
    }
  }

  const timer =
    samplers.length === 0
      ? undefined
      : setInterval(() => {
          const moment = now();
          for (const sampler of samplers) sampler.tick(moment);
        }, tickMs);
  timer?.unref();
  const close = (): void => {
    clearInterval(timer);
    for (const sampler of samplers) sampler.flush(now());
  };
  return new Map(
    [...byReceiver].map(([receiver, consumers]) => [
      receiver,
      {
        consume: (spans) => {
          for (const consumer of consumers) consumer(spans);
        },
        close,
      },
    ]),
  );
}
