import { Counter, Gauge, type Registry } from 'prom-client';

export type Reading<Label extends string> = readonly [labels: Readonly<Record<Label, string>>, value: number];

/** Metrics whose values are looked up when they are asked for: whoever has the number need not know of metrics. */
export interface LookedUp {
  gauge(name: string, help: string, read: () => number): void;
  counter(name: string, help: string, read: () => number): void;
  labelledGauge<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    read: () => readonly Reading<Label>[],
  ): void;
  labelledCounter<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    read: () => readonly Reading<Label>[],
  ): void;
}

export function lookedUpIn(registry: Registry): LookedUp {
  const registers = [registry];
  return {
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    },
    counter(name, help, read) {
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(Math.max(0, read()));
        },
      });
    },
    labelledGauge(name, help, labelNames, read) {
      new Gauge({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          for (const [labels, value] of read()) this.set(labels, value);
        },
      });
    },
    labelledCounter(name, help, labelNames, read) {
      new Counter({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          for (const [labels, value] of read()) this.inc(labels, value);
        },
      });
    },
  };
}
