import type { Labels } from '../labels/labels.ts';
import type { Head } from '../storage/head.ts';
import type { MemorySeries } from '../storage/series.ts';
import { ApiError, badData, invalidParameter, messageOf } from './api-error.ts';
import { limitParameter, matcherSets, maxTimeMs, minTimeMs, timeParameter } from './parameters.ts';
import type { ApiAnswer, Routing } from './routing.ts';

const truncatedWarning = 'results truncated due to limit';

/** `/series`, `/labels`, `/label/<name>/values`. */
export function addSeriesRoutes(routing: Routing, head: Head): void {
  const inRange = (parameters: URLSearchParams, sets: ReturnType<typeof matcherSets>): MemorySeries[] => {
    const startMs = timeParameter(parameters, 'start', minTimeMs);
    const endMs = timeParameter(parameters, 'end', maxTimeMs);
    return head.matching(sets, startMs, endMs);
  };

  routing.api(['GET', 'POST'], '/labels', (parameters) => {
    const limit = limitParameter(parameters);
    const names = new Set<string>();
    for (const series of inRange(parameters, matcherSets(parameters.getAll('match[]')))) {
      for (const [name] of series.labels.pairs) names.add(name);
    }
    return limited([...names].sort(), limit);
  });

  routing.api(['GET'], '/label/:name/values', (parameters, request) => {
    const name = unescapeName(String(request.params.name));
    if (name === '') throw badData(`invalid label name: ${JSON.stringify(name)}`);
    const limit = limitParameter(parameters);
    const values = new Set<string>();
    for (const series of inRange(parameters, matcherSets(parameters.getAll('match[]')))) {
      const value = series.labels.get(name);
      if (value !== '') values.add(value);
    }
    return limited([...values].sort(), limit);
  });

  routing.api(['GET', 'POST'], '/series', (parameters) => {
    const texts = parameters.getAll('match[]');
    if (texts.length === 0) throw badData('no match[] parameter provided');
    const limit = limitParameter(parameters);
    let sets: ReturnType<typeof matcherSets>;
    try {
      sets = matcherSets(texts);
    } catch (error) {
      throw error instanceof ApiError ? invalidParameter('match[]', messageOf(error)) : error;
    }
    const found = inRange(parameters, sets).map(({ labels }) => labels);
    // Prometheus merges the results of several selectors in label order; of one, they come as they were created.
    if (sets.length > 1) found.sort(compareLabels);
    return limited(found, limit);
  });
}

function limited(values: readonly unknown[], limit: number): ApiAnswer {
  return limit > 0 && values.length > limit
    ? { data: values.slice(0, limit), warnings: [truncatedWarning] }
    : { data: values };
}

/** Prometheus' order of label sets: name by name, value by value. */
export function compareLabels(a: Labels, b: Labels): number {
  const length = Math.min(a.pairs.length, b.pairs.length);
  for (let index = 0; index < length; index++) {
    const [nameA, valueA] = a.pairs[index]!;
    const [nameB, valueB] = b.pairs[index]!;
    if (nameA !== nameB) return nameA < nameB ? -1 : 1;
    if (valueA !== valueB) return valueA < valueB ? -1 : 1;
  }
  return a.pairs.length - b.pairs.length;
}

/** Undoes the `U__` escaping that lets any name stand in a path: `_xx_` is a code point, `__` an underscore. */
function unescapeName(text: string): string {
  if (!text.startsWith('U__')) return text;
  const inner = text.slice(3);
  let result = '';
  for (let at = 0; at < inner.length; at++) {
    if (inner[at] !== '_') {
      result += inner[at];
      continue;
    }
    if (inner[at + 1] === '_') {
      result += '_';
      at++;
      continue;
    }
    const code = /^_([0-9a-fA-F]{1,6})_/.exec(inner.slice(at));
    if (code === null || Number.parseInt(code[1]!, 16) > 0x10ffff) return text;
    result += String.fromCodePoint(Number.parseInt(code[1]!, 16));
    at += code[0].length - 1;
  }
  return result;
}
