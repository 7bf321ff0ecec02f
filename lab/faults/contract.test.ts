import { describe, expect, it } from 'vitest';
import { createServiceFaults } from '../../services/admin/service-faults.ts';
import type { Database } from '../../services/api/database/database.ts';
import { createDatabaseFaults } from '../../services/api/database/database-faults.ts';
import { faultParameters } from '../../services/contract/fault-parameters.ts';
import { createTestTelemetry } from '../../services/telemetry/test-service.ts';
import { faultKind, faultSpec } from './catalogue.ts';
import { serviceFaults } from './service-faults.ts';

const names = Object.keys(faultParameters);

/** A value of each parameter at the end of its range, written as a person types it. */
function atBounds(name: string, bound: 'min' | 'max'): Record<string, string> {
  const parameters: Record<string, object> = faultParameters[name as keyof typeof faultParameters];
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([key, one]) =>
      bound in one ? [[key, String((one as Record<string, number>)[bound])]] : [],
    ),
  );
}

describe('faults inside a service', () => {
  it('are the same for the lab and for the services', () => {
    expect(serviceFaults.map(({ id }) => id).sort()).toEqual(names.toSorted());
  });

  it.each(names)(
    '%s: what the lab allows, the service takes, from one end of each range to the other',
    async (name) => {
      const telemetry = createTestTelemetry();
      const own = createDatabaseFaults({ delayMs: 0, leak: async () => () => {} } as unknown as Database);
      const { faults } = createServiceFaults({ ...telemetry, own });
      const target = faultKind(name).defaultTarget;
      for (const params of [{}, atBounds(name, 'min'), atBounds(name, 'max')]) {
        const spec = faultSpec(name, { target, params });
        const fault = await faults.put(name, { ...spec.params, ttlMs: 1_000 });
        expect(fault.params).toEqual(spec.params);
        await faults.delete(name);
      }
    },
  );

  it.each([
    [
      'cpu-burn',
      { utilization: '1' },
      'utilization=1 is not valid for the fault "cpu-burn": at most 0.95; parameters: utilization 0.01..0.95 (0.8).',
    ],
    [
      'latency',
      { delayMs: 'soon' },
      'delayMs=soon is not valid for the fault "latency": a number; parameters: delayMs 1..30000 (500), endpoint (all).',
    ],
    [
      'errors',
      { status: '404.5' },
      'status=404.5 is not valid for the fault "errors": a whole number; parameters: rate 0.001..1 (0.1), status 400..599 (500), endpoint (all).',
    ],
    [
      'log-level',
      { level: 'loud' },
      'level=loud is not valid for the fault "log-level": one of fatal, error, warn, info, debug; parameters: level fatal, error, warn, info, debug (fatal).',
    ],
    [
      'latency',
      { endpoint: 'notes' },
      'endpoint=notes is not valid for the fault "latency": a route pattern such as /api/v1/notes; parameters: delayMs 1..30000 (500), endpoint (all).',
    ],
  ])('%s refuses %j before anything is asked', (name, params, message) => {
    expect(() => faultSpec(name, { params })).toThrow(message);
  });
});
