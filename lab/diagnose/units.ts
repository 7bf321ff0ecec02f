/** `0.4 ms`, `52 ms`, `1.3 s`, `4.2 min`, `2.0 h`. */
export function duration(seconds: number): string {
  if (seconds < 0.01) return `${(seconds * 1000).toFixed(1)} ms`;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  return seconds < 5_400 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}

/** `812 B`, `7.4 kB`, `45 MB`: powers of 1000. */
export function bytes(count: number): string {
  if (count < 1e3) return `${Math.round(count)} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(1)} kB`;
  return count < 1e9 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e9).toFixed(2)} GB`;
}

/** `0.25 %`, `12.5 %`. */
export function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(ratio > 0 && ratio < 0.01 ? 2 : 1)} %`;
}

/** The time of day, as people here write it. */
export const timeOfDay = (milliseconds: number): string => new Date(milliseconds).toLocaleTimeString();
