import type { Metadata, StreamLabels } from '../pipeline/line-labels.ts';
import type { Instant } from '../pipeline/stage.ts';
import { type Chunk, HeadChunk, type SealedChunk } from './chunk.ts';
import { difference } from './instant.ts';

/** One stream: its labels and its chunks, oldest first. */
export class Stream {
  readonly labels: StreamLabels;
  /** Told when a head chunk is full; answers the sealed one. */
  readonly #seal: (head: HeadChunk) => SealedChunk;
  #sealed: SealedChunk[] = [];
  #head: HeadChunk | undefined;
  /** The newest time written: what lags too far behind it is refused. */
  newest: Instant | undefined;
  /** When something was last written, by the server's clock. */
  lastPushMs = 0;

  constructor(labels: StreamLabels, seal: (head: HeadChunk) => SealedChunk) {
    this.labels = labels;
    this.#seal = seal;
  }

  /** Appends an entry, unless it repeats the newest one. Returns the change of memory in bytes. */
  append(
    at: Instant,
    line: string | Uint8Array,
    lineBytes: number,
    metadata: Metadata,
    metadataKey: string,
  ): number {
    let before = this.#head?.memoryBytes ?? 0;
    let change = 0;
    if (this.#head !== undefined) {
      if (this.#head.isLast(at, line, lineBytes)) return 0;
      if (!this.#head.accepts(at, lineBytes)) {
        const sealed = this.#seal(this.#head);
        this.#sealed.push(sealed);
        change += sealed.memoryBytes - before;
        before = 0;
        this.#head = undefined;
      }
    }
    this.#head ??= new HeadChunk(at);
    this.#head.append(at, line, lineBytes, metadata, metadataKey);
    if (this.newest === undefined || difference(at, this.newest) > 0) this.newest = at;
    return change + this.#head.memoryBytes - before;
  }

  get chunks(): readonly Chunk[] {
    return this.#head === undefined ? this.#sealed : [...this.#sealed, this.#head];
  }

  get isEmpty(): boolean {
    return this.#head === undefined && this.#sealed.length === 0;
  }

  /** Seals what is being written, as a flush does. */
  flush(): void {
    if (this.#head === undefined) return;
    this.#sealed.push(this.#seal(this.#head));
    this.#head = undefined;
  }

  /** Forgets a chunk. */
  remove(chunk: Chunk): void {
    if (chunk === this.#head) this.#head = undefined;
    else this.#sealed = this.#sealed.filter((one) => one !== chunk);
  }
}
