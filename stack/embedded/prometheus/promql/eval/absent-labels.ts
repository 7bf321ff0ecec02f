import { Labels } from '../../labels/labels.ts';
import type { VectorSelector } from '../parser/ast.ts';

/** The labels that absent() can tell from the selector: those matched by equality, once. */
export function absentLabels(selector: VectorSelector): Labels {
  const labels = new Map<string, string>();
  const seen = new Set<string>();
  for (const { name, operator, value } of selector.matchers) {
    if (name === '__name__') continue;
    if (operator === '=' && !seen.has(name)) {
      labels.set(name, value);
      seen.add(name);
    } else labels.delete(name);
  }
  return Labels.from(labels);
}
