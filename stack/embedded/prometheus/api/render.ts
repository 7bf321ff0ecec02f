import type { Labels } from '../labels/labels.ts';
import type { QueryResult } from '../promql/result.ts';

/** A sample value as the JSON API writes it: `1`, `+Inf`, `1e-07`. */
export function renderValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  if (Object.is(value, -0)) return '-0';
  // JavaScript turns to exponents at the same sizes as Prometheus (1e21, 1e-6) and writes them shorter.
  const text = String(value);
  return text.includes('e') ? text.replace(/e([+-])(\d)$/, 'e$10$2') : text;
}

/** A timestamp in seconds, with milliseconds only where there are some. */
export function renderTime(timeMs: number): string {
  return String(Math.round(timeMs) / 1000);
}

function renderLabels(labels: Labels): string {
  return JSON.stringify(labels);
}

const rememberedTimes = 11_001;

/** The `resultType` and `result` members, as JSON text: large results are not built twice. */
export function renderResult(result: QueryResult, limit: number): { json: string; truncated: boolean } {
  switch (result.type) {
    case 'scalar':
      return {
        json: `"resultType":"scalar","result":[${renderTime(result.timeMs)},"${renderValue(result.value)}"]`,
        truncated: false,
      };
    case 'string':
      return {
        json: `"resultType":"string","result":[${renderTime(result.timeMs)},${JSON.stringify(result.value)}]`,
        truncated: false,
      };
    case 'vector': {
      const truncated = limit > 0 && result.samples.length > limit;
      const parts: string[] = [];
      for (const sample of truncated ? result.samples.slice(0, limit) : result.samples) {
        parts.push(
          `{"metric":${renderLabels(sample.labels)},"value":[${renderTime(sample.timeMs)},"${renderValue(sample.value)}"]}`,
        );
      }
      return { json: `"resultType":"vector","result":[${parts.join(',')}]`, truncated };
    }
    case 'matrix': {
      const truncated = limit > 0 && result.series.length > limit;
      const parts: string[] = [];
      // The series of a range query have the same times: each is written once.
      const times = new Map<number, string>();
      for (const series of truncated ? result.series.slice(0, limit) : result.series) {
        const { timestamps, values } = series;
        const points: string[] = [];
        for (let index = 0; index < timestamps.length; index++) {
          const timeMs = timestamps[index]!;
          let time = times.get(timeMs);
          if (time === undefined) {
            time = `[${renderTime(timeMs)},"`;
            if (times.size < rememberedTimes) times.set(timeMs, time);
          }
          points.push(`${time}${renderValue(values[index]!)}"]`);
        }
        parts.push(`{"metric":${renderLabels(series.labels)},"values":[${points.join(',')}]}`);
      }
      return { json: `"resultType":"matrix","result":[${parts.join(',')}]`, truncated };
    }
  }
}
