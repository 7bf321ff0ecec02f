import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from './clock.ts';

/** One JSON file that is read at the start and replaced, by rename, soon after a change and at the end. */
export class StateFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #read: () => unknown;
  #cancel: (() => void) | undefined;

  constructor(folder: string, name: string, clock: Clock, read: () => unknown) {
    this.#path = join(folder, name);
    this.#clock = clock;
    this.#read = read;
  }

  /** What was saved last; undefined when nothing was, or it cannot be read. */
  load(): unknown {
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8'));
    } catch {
      return undefined;
    }
  }

  changed() {
    this.#cancel ??= this.#clock.after(1000, () => this.save());
  }

  save() {
    this.#cancel?.();
    this.#cancel = undefined;
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileSync(`${this.#path}.tmp`, JSON.stringify(this.#read()));
    renameSync(`${this.#path}.tmp`, this.#path);
  }
}
