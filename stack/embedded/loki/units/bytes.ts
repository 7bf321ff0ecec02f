const kibi = 1024;
const kilo = 1000;

const factors: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: kilo,
  kb: kilo,
  ki: kibi,
  kib: kibi,
  m: kilo ** 2,
  mb: kilo ** 2,
  mi: kibi ** 2,
  mib: kibi ** 2,
  g: kilo ** 3,
  gb: kilo ** 3,
  gi: kibi ** 3,
  gib: kibi ** 3,
  t: kilo ** 4,
  tb: kilo ** 4,
  ti: kibi ** 4,
  tib: kibi ** 4,
  p: kilo ** 5,
  pb: kilo ** 5,
  pi: kibi ** 5,
  pib: kibi ** 5,
  e: kilo ** 6,
  eb: kilo ** 6,
  ei: kibi ** 6,
  eib: kibi ** 6,
};

/**
 * Parses a size as people write it (`2KB` is 2000, `1 KiB` is 1024, `512B`).
 * Source: dustin/go-humanize, which Loki uses. Throws an Error in its wording.
 */
export function parseByteSize(text: string): number {
  const match = /^([\d.,]*)(.*)$/s.exec(text)!;
  const digits = match[1]!.replaceAll(',', '');
  const number = Number(digits);
  if (digits === '' || Number.isNaN(number)) {
    throw new Error(`strconv.ParseFloat: parsing ${JSON.stringify(digits)}: invalid syntax`);
  }
  const unit = match[2]!.trim().toLowerCase();
  const factor = Object.hasOwn(factors, unit) ? factors[unit] : undefined;
  if (factor === undefined) throw new Error(`unhandled size name: ${unit}`);
  const value = number * factor;
  if (value >= 2 ** 64) throw new Error(`too large: ${text}`);
  return Math.trunc(value);
}

/** Writes a size in powers of 1000 as go-humanize does: `82854982` becomes `83 MB`, `2000` becomes `2.0 kB`. */
export function formatByteSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];
  if (bytes < 10) return `${bytes} B`;
  const exponent = Math.min(Math.floor(Math.log(bytes) / Math.log(1000)), units.length - 1);
  const value = Math.floor((bytes / 1000 ** exponent) * 10 + 0.5) / 10;
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${units[exponent]}`;
}
