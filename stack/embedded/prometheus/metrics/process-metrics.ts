import type { LookedUp } from './looked-up.ts';

export function addProcessMetrics(metrics: LookedUp): void {
  metrics.counter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  metrics.gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', () =>
    process.memoryUsage.rss(),
  );
  metrics.gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', () =>
    Math.floor((Date.now() - process.uptime() * 1000) / 1000),
  );
  metrics.gauge(
    'nodejs_heap_size_used_bytes',
    'Process heap size used from Node.js in bytes.',
    () => process.memoryUsage().heapUsed,
  );
}
