import { expect, it } from 'vitest';
import { paces } from '../../stack/pace.ts';
import type { PrometheusClient } from '../observe/prometheus-client.ts';
import { readSlo } from './read-slo.ts';

/** Answers by what is asked, and remembers it. */
function prometheusOf(answers: Readonly<Record<string, number>>): PrometheusClient {
  const value = async (promql: string): Promise<number | undefined> =>
    Object.entries(answers).find(([part]) => promql.includes(part))?.[1];
  return { value } as unknown as PrometheusClient;
}

it('says over which window each objective is measured, and whether it is met', async () => {
  const prometheus = prometheusOf({
    'status=~"5.."': 2,
    'increase(http_requests_total': 4_000,
    'slo:authentication:error_ratio': 0.01,
    'duration_seconds:p95': 0.15,
    'slo:database:p99_seconds': 0.12,
    'job:http_requests:rate': 40,
  });
  const { objectives, budget } = await readSlo(prometheus, paces.lab, new AbortController().signal);
  expect(
    objectives.map(({ name, measured, overSeconds, met }) => [name, measured, overSeconds, met]),
  ).toEqual([
    ['availability', 99.95, 1_800, true],
    ['latency', 150, 15, true],
    ['authentication', 99, 60, false],
    ['database', 120, 60, false],
    ['throughput', 40, 15, true],
  ]);
  expect(budget.spentRequests).toBe(2);
  expect(budget.remainingRatio).toBeCloseTo(0.5);
});

it('has nothing to say of what nobody asked for', async () => {
  const { objectives } = await readSlo(prometheusOf({}), paces.lab, new AbortController().signal);
  expect(objectives.map(({ met }) => met)).toEqual([null, null, null, null, null]);
});
