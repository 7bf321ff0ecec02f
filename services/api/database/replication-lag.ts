/** What the primary says of one standby: positions in the write-ahead log, in bytes since its beginning. */
export interface StandbyPosition {
  standby: string;
  replayedBytes: number;
}

const maxSamples = 600;
const maxStandbys = 16;

/**
 * How far standbys are behind, in seconds, from positions sampled on the primary. The primary's own `replay_lag`
 * says nothing while no one writes, stops growing when a standby stops answering, and vanishes with its connection.
 * Here a standby's lag is the age of the oldest position it has not replayed; 0 when it has replayed all.
 */
export class ReplicationLag {
  readonly #written: { atMs: number; bytes: number }[] = [];
  readonly #replayed = new Map<string, number>();

  /** Takes one sample; `standbys` are those connected now, and one that is missing keeps its last position. */
  sample(nowMs: number, writtenBytes: number, standbys: readonly StandbyPosition[]): void {
    const last = this.#written.at(-1);
    // Only progress is kept: the first moment at which a position was seen is when it was written at the latest.
    if (last === undefined || writtenBytes > last.bytes)
      this.#written.push({ atMs: nowMs, bytes: writtenBytes });
    if (this.#written.length > maxSamples) this.#written.shift();
    for (const { standby, replayedBytes } of standbys) {
      if (this.#replayed.has(standby) || this.#replayed.size < maxStandbys)
        this.#replayed.set(standby, replayedBytes);
    }
  }

  /** The lag of each standby seen so far, in seconds. */
  lagSeconds(nowMs: number): Map<string, number> {
    const lags = new Map<string, number>();
    for (const [standby, replayed] of this.#replayed) {
      const oldestMissing = this.#written.find(({ bytes }) => bytes > replayed);
      lags.set(standby, oldestMissing === undefined ? 0 : Math.max(0, (nowMs - oldestMissing.atMs) / 1_000));
    }
    return lags;
  }
}
