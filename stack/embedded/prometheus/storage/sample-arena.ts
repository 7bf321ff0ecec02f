/**
 * Room for decoded samples, taken in large pieces: to allocate two small arrays for each of ten thousand series costs
 * more than to decode them.
 */
export class SampleArena {
  times = new Float64Array(0);
  values = new Float64Array(0);
  /** The bits of `values`. */
  words = new Uint32Array(0);
  #used = 0;

  /** Room for `count` samples; gives the index of the first. The arrays may be others than before. */
  take(count: number): number {
    if (this.#used + count > this.times.length) {
      const size = Math.max(count, Math.min(65_536, Math.max(256, this.times.length * 2)));
      this.times = new Float64Array(size);
      this.values = new Float64Array(size);
      this.words = new Uint32Array(this.values.buffer);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += count;
    return start;
  }
}
