import type { Attributes, Context, Link, SpanKind } from '@opentelemetry/api';
import type { Sampler, SamplingResult } from '@opentelemetry/sdk-trace-base';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { SamplerName } from './environment.ts';

/** The sampler that `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` name. */
function createSampler(name: SamplerName, ratio: number): Sampler {
  const root = name.endsWith('always_on')
    ? new AlwaysOnSampler()
    : name.endsWith('always_off')
      ? new AlwaysOffSampler()
      : new TraceIdRatioBasedSampler(ratio);
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

/** Head sampling whose ratio can change while the service runs. */
export class SwitchableSampler implements Sampler {
  #sampler: Sampler;
  #ratio: number;

  constructor(name: SamplerName, ratio: number) {
    this.#sampler = createSampler(name, ratio);
    this.#ratio = name.endsWith('always_on') ? 1 : name.endsWith('always_off') ? 0 : ratio;
  }

  /** The share of new traces that is kept, 0 to 1. */
  get ratio(): number {
    return this.#ratio;
  }

  /** From the next span on; a trace that another service began keeps its decision. */
  setRatio(ratio: number): void {
    this.#sampler = createSampler('parentbased_traceidratio', ratio);
    this.#ratio = ratio;
  }

  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult {
    return this.#sampler.shouldSample(context, traceId, spanName, spanKind, attributes, links);
  }

  toString(): string {
    return `SwitchableSampler(${this.#sampler.toString()})`;
  }
}
