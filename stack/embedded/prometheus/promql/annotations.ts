import { lineAndColumn } from './parser/position.ts';
import type { ResultAnnotations } from './result.ts';

/** Warnings and infos of one query, each text once. */
export class Annotations {
  readonly #query: string;
  readonly #warnings = new Set<string>();
  readonly #infos = new Set<string>();
  /** What was added before, so that a text repeated at every step costs nothing. */
  readonly #seen = new Map<number, Set<string>>();

  constructor(query: string) {
    this.#query = query;
  }

  warn(text: string, position: number): void {
    this.#add(this.#warnings, 'PromQL warning', text, position);
  }

  info(text: string, position: number): void {
    this.#add(this.#infos, 'PromQL info', text, position);
  }

  #add(target: Set<string>, kind: string, text: string, position: number): void {
    let seen = this.#seen.get(position);
    if (seen === undefined) {
      seen = new Set();
      this.#seen.set(position, seen);
    }
    if (seen.has(text)) return;
    seen.add(text);
    target.add(`${kind}: ${text} (${lineAndColumn(this.#query, position)})`);
  }

  result(): ResultAnnotations {
    return { warnings: [...this.#warnings], infos: [...this.#infos] };
  }
}

/** As the HTTP API shows them: ten of each at most, and how many more there were. */
export function limitAnnotations(annotations: ResultAnnotations, limit = 10): ResultAnnotations {
  const cut = (texts: readonly string[], kind: string): readonly string[] =>
    texts.length <= limit
      ? texts
      : [...texts.slice(0, limit), `${texts.length - limit} more ${kind} annotations omitted`];
  return { warnings: cut(annotations.warnings, 'warning'), infos: cut(annotations.infos, 'info') };
}
