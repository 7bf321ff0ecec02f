import type { FaultKind } from './fault.ts';
import { serviceFault } from './service-fault.ts';

const replicas = ['api-1', 'api-2', 'api-3'] as const;
const services = ['gateway', ...replicas] as const;

const onEndpoint = (where: string | undefined): string => (where === undefined ? '' : ` on ${where}`);

/** The faults that a service carries inside itself. Their parameters: services/contract. */
export const serviceFaults: readonly FaultKind[] = [
  serviceFault({
    id: 'slow-queries',
    summary: 'Every database query takes longer; its connection is held meanwhile.',
    targets: replicas,
    defaultTarget: 'api-1',
    describe: (target, params) => `every query of ${target} takes ${params.delayMs} ms longer`,
  }),
  serviceFault({
    id: 'latency',
    summary: 'Requests wait before they are handled.',
    targets: services,
    defaultTarget: 'api-1',
    describe: (target, params) =>
      `requests wait ${params.delayMs} ms in ${target}${onEndpoint(params.endpoint)}`,
  }),
  serviceFault({
    id: 'errors',
    summary: 'A share of the requests is answered with an error.',
    targets: services,
    defaultTarget: 'api-1',
    describe: (target, params) =>
      `${params.rate * 100} % of the requests of ${target} fail with ${params.status}${onEndpoint(params.endpoint)}`,
  }),
  serviceFault({
    id: 'rare-error',
    summary: 'One request in many fails.',
    targets: replicas,
    defaultTarget: 'api-1',
    describe: (target, params) => `one request in ${params.oneIn} of ${target} fails`,
  }),
  serviceFault({
    id: 'slow-rare',
    summary: 'One request in many is slow.',
    targets: replicas,
    defaultTarget: 'api-1',
    describe: (target, params) =>
      `one request in ${params.oneIn} of ${target} takes ${params.delayMs} ms longer`,
  }),
  serviceFault({
    id: 'latency-spikes',
    summary: 'For a moment, every request is slow; again and again.',
    targets: replicas,
    defaultTarget: 'api-1',
    describe: (target, params) =>
      `about every ${params.everyMs} ms, requests of ${target} take ${params.delayMs} ms longer for ${params.lastsMs} ms`,
  }),
  serviceFault({
    id: 'slow-endpoint',
    summary: 'One endpoint is slow for a while; again and again.',
    targets: replicas,
    defaultTarget: 'api-1',
    describe: (target, params) =>
      `about every ${params.everyMs} ms, ${params.endpoint} of ${target} takes ${params.delayMs} ms longer for ${params.lastsMs} ms`,
  }),
  serviceFault({
    id: 'error-spikes',
    summary: 'For a moment, every request fails; at once, and then again and again.',
    targets: services,
    defaultTarget: 'gateway',
    describe: (target, params) =>
      `about every ${params.everyMs} ms, the next ${params.requests} requests of ${target}${onEndpoint(params.endpoint)} fail with ${params.status}`,
  }),
  serviceFault({
    id: 'connection-leak',
    summary: 'Database connections are taken and never given back.',
    targets: replicas,
    defaultTarget: 'api-1',
    describe: (target, params) => `${target} loses ${params.perSecond} database connections a second`,
  }),
  serviceFault({
    id: 'memory-leak',
    summary: 'Memory is taken and never given back, up to a bound.',
    targets: services,
    defaultTarget: 'api-1',
    describe: (target, params) =>
      `${target} leaks ${params.mebibytesPerSecond} MiB a second, ${params.maxMebibytes} MiB at most`,
  }),
  serviceFault({
    id: 'cpu-burn',
    summary: 'A share of the processor time is wasted.',
    targets: services,
    defaultTarget: 'api-1',
    describe: (target, params) => `${target} wastes ${params.utilization * 100} % of a processor`,
  }),
  serviceFault({
    id: 'event-loop-block',
    summary: 'The event loop stands still again and again.',
    targets: services,
    defaultTarget: 'api-1',
    describe: (target, params) => `${target} stands still ${params.blockMs} ms of every ${params.everyMs} ms`,
  }),
  serviceFault({
    id: 'cardinality',
    summary: 'A metric grows new series all the time, up to a bound.',
    targets: services,
    defaultTarget: 'api-1',
    describe: (target, params) =>
      `${target} grows ${params.seriesPerSecond} series a second, up to ${params.maxSeries}`,
  }),
  serviceFault({
    id: 'debug-logging',
    summary: 'The service logs at debug level.',
    targets: services,
    defaultTarget: 'api-1',
    describe: (target) => `${target} logs at debug level`,
  }),
  serviceFault({
    id: 'log-level',
    summary: 'The service logs at another level.',
    targets: services,
    defaultTarget: 'api-1',
    describe: (target, params) => `${target} logs from the level ${params.level} on`,
  }),
  serviceFault({
    id: 'planted-errors',
    summary: 'Rare errors are logged, with a marker of their own.',
    targets: services,
    defaultTarget: 'gateway',
    describe: (target, params) => `${target} logs a lost settlement every ${params.everyMs} ms`,
  }),
  serviceFault({
    id: 'logged-secret',
    summary: 'The service writes a secret into its log.',
    targets: services,
    defaultTarget: 'gateway',
    describe: (target) => `${target} writes its token into its log`,
  }),
  serviceFault({
    id: 'sampling',
    summary: 'Only a share of the traces is kept at the head.',
    targets: services,
    defaultTarget: 'gateway',
    describe: (target, params) => `${target} keeps ${params.ratio * 100} % of its traces`,
  }),
];
