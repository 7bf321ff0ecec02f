import { randomUUID } from 'node:crypto';
import { Counter, type Registry } from 'prom-client';
import type { Logger } from '../../telemetry/logger.ts';
import type { SwitchableSampler } from '../../telemetry/sampling.ts';
import { defineFault, type ServiceFault } from '../service-fault.ts';

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
}): ServiceFault[] {
  return [
    defineFault('cardinality', ({ seriesPerSecond, maxSeries }) => {
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
    }),
    defineFault('debug-logging', () => {
      const before = logger.level;
      logger.level = 'debug';
      return () => {
        // Whoever changed the level meanwhile meant it.
        if (logger.level === 'debug') logger.level = before;
      };
    }),
    defineFault('log-level', ({ level }) => {
      const before = logger.level;
      logger.level = level;
      return () => {
        if (logger.level === level) logger.level = before;
      };
    }),
    defineFault('planted-errors', ({ everyMs, marker }) => {
      const timers = [
        setInterval(() => logger.error('settlement lost', { marker }), everyMs),
        // What a search for the word finds besides, once debug lines are written.
        setInterval(() => logger.debug('no error found', { checked: 'settlements', error: null }), 100),
      ];
      for (const timer of timers) timer.unref();
      return () => {
        for (const timer of timers) clearInterval(timer);
      };
    }),
    defineFault('logged-secret', () => {
      const timer = setInterval(
        () => logger.info(`called with ${process.env.LAB_TOKEN ?? 'no token'}`),
        1_000,
      ).unref();
      return () => clearInterval(timer);
    }),
    defineFault('sampling', ({ ratio }) => {
      const before = sampler.ratio;
      sampler.setRatio(ratio);
      return () => {
        if (sampler.ratio === ratio) sampler.setRatio(before);
      };
    }),
  ];
}
