import { TraceFlags } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { HttpMetrics } from './http-metrics.ts';
import { createRegistry } from './metrics-registry.ts';

function observed(traceFlags: TraceFlags) {
  const { registry } = createRegistry('1.2.3');
  const metrics = new HttpMetrics(registry);
  metrics.started('GET', '/notes');
  metrics.completed({
    method: 'GET',
    endpoint: '/notes',
    status: 200,
    durationSeconds: 0.042,
    span: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags },
  });
  return registry;
}

describe('MetricsRegistry', () => {
  it.each([
    [
      'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3',
      'application/openmetrics-text',
    ],
    ['text/plain;version=0.0.4', 'text/plain'],
    ['text/plain;q=0.9, application/openmetrics-text;q=0.1', 'text/plain'],
    ['application/openmetrics-text;q=0', 'text/plain'],
    ['*/*', 'text/plain'],
    [undefined, 'text/plain'],
  ])('for Accept %s answers %s', async (accept, expected) => {
    const { contentType } = await observed(TraceFlags.SAMPLED).render(accept);
    expect(contentType.split(';')[0]).toBe(expected);
  });

  it('gives the latency histogram exemplars in OpenMetrics, and a closing EOF', async () => {
    const { body } = await observed(TraceFlags.SAMPLED).render('application/openmetrics-text');
    expect(body).toMatch(
      /_bucket\{le="0\.05",method="GET",endpoint="\/notes",status="200"\} 1 # \{trace_id="a{32}",span_id="b{16}"\} 0\.042 \d+/,
    );
    expect(body.endsWith('# EOF\n')).toBe(true);
  });

  it('names no trace that was not sampled', async () => {
    const { body } = await observed(TraceFlags.NONE).render('application/openmetrics-text');
    expect(body).not.toContain('trace_id');
  });

  it('keeps the names of counters whatever was asked before, also at the same time', async () => {
    const registry = observed(TraceFlags.SAMPLED);
    const renderings = await Promise.all(
      Array.from({ length: 6 }, (_, turn) =>
        registry.render(turn % 2 === 0 ? 'application/openmetrics-text' : 'text/plain'),
      ),
    );
    for (const { body, contentType } of renderings) {
      expect(body).toContain('http_requests_total{method="GET",endpoint="/notes",status="200"} 1');
      expect(body.includes('# TYPE http_requests counter')).toBe(
        contentType.startsWith('application/openmetrics'),
      );
      expect(body.includes('# {')).toBe(contentType.startsWith('application/openmetrics'));
    }
  });

  it('tells the version', async () => {
    const { body } = await observed(TraceFlags.SAMPLED).render('text/plain');
    expect(body).toContain('build_info{version="1.2.3"} 1');
    expect(body).toContain('nodejs_eventloop_lag_seconds ');
    expect(body).toContain('process_crashes_total 0');
  });
});
