import type { RequestHandler } from 'express';
import type { Registry } from 'prom-client';
import type { Logger } from '../telemetry/logger.ts';
import type { SwitchableSampler } from '../telemetry/sampling.ts';
import { FaultRegistry } from './fault-registry.ts';
import { processFaults } from './faults/process-faults.ts';
import { createRequestFaults } from './faults/request-faults.ts';
import { createTelemetryFaults } from './faults/telemetry-faults.ts';
import type { ServiceFault } from './service-fault.ts';

/** The faults that every service knows, with those of its own, and the middleware through which some strike. */
export function createServiceFaults({
  registry,
  logger,
  sampler,
  own = [],
}: {
  registry: Registry;
  logger: Logger;
  sampler: SwitchableSampler;
  own?: readonly ServiceFault[];
}): { faults: FaultRegistry; middleware: RequestHandler } {
  const request = createRequestFaults();
  const telemetry = createTelemetryFaults({ registry, logger, sampler });
  return {
    faults: new FaultRegistry([...own, ...request.kinds, ...processFaults, ...telemetry], logger),
    middleware: request.middleware,
  };
}
