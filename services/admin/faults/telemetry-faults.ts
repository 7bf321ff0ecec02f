import { randomUUID } from 'node:crypto';
import { Counter, type Registry } from 'prom-client';
import { z } from 'zod';
import type { Logger } from '../../telemetry/logger.ts';
import type { SwitchableSampler } from '../../telemetry/sampling.ts';
import { defineFault, type FaultKind, probabilitySchema } from '../fault-kind.ts';

const tickMs = 200;

/** Faults in what the service tells about itself: too many series, too many lines, too few traces. */
export function createTelemetryFaults({
  registry,
  logger,
  sampler,
}: {
  registry: Registry;
  logger: Logger;
  sampler: SwitchableSampler;
}): FaultKind[] {
  return [
    defineFault(
      'cardinality',
      { seriesPerSecond: z.number().positive().max(5_000), maxSeries: z.number().int().min(1).max(50_000) },
      ({ seriesPerSecond, maxSeries }) => {
        const counter = new Counter({
          name: 'client_sessions_total',
          help: 'Sessions by client.',
          labelNames: ['session_id'],
          registers: [registry],
        });
        const startedAt = Date.now();
        let series = 0;
        const timer = setInterval(() => {
          const wanted = Math.min(maxSeries, ((Date.now() - startedAt) / 1_000) * seriesPerSecond);
          for (; series + 1 <= wanted; series++) counter.inc({ session_id: randomUUID() });
        }, tickMs).unref();
        return () => {
          clearInterval(timer);
          registry.removeSingleMetric('client_sessions_total');
        };
      },
    ),
    defineFault('debug-logging', {}, () => {
      const before = logger.level;
      logger.level = 'debug';
      return () => {
        // Whoever changed the level meanwhile meant it.
        if (logger.level === 'debug') logger.level = before;
      };
    }),
    defineFault('sampling', { ratio: probabilitySchema }, ({ ratio }) => {
      const before = sampler.ratio;
      sampler.setRatio(ratio);
      return () => {
        if (sampler.ratio === ratio) sampler.setRatio(before);
      };
    }),
  ];
}
