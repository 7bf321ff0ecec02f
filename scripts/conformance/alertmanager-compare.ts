type Json = unknown;

/** Values inside answers that belong to the recorded build and run: of the same type. */
const momentary = new Set(['uptime', 'versionInfo']);
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
/** Recorded answers are dated to the second, and replayed in the middle of theirs. */
export const toleranceMs = 600;

export interface CompareOptions {
  /** Names of alerts that another program posted again and again: when it did last is not recorded. */
  readonly strangers?: ReadonlySet<string | undefined>;
  /** Told of each member of which only the type was compared. */
  readonly onTypeOnly?: (name: string) => void;
}

/** The first difference, lists in their order; moments within the tolerance. */
export function compare(
  got: Json,
  want: Json,
  path: string,
  options: CompareOptions = {},
): string | undefined {
  if (Array.isArray(want)) {
    if (!Array.isArray(got) || got.length !== want.length) return `${path}: ${show(got)}, want ${show(want)}`;
    for (const [index, item] of want.entries()) {
      const difference = compare(got[index], item, `${path}[${index}]`, options);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (typeof want === 'object' && want !== null) {
    if (typeof got !== 'object' || got === null) return `${path}: ${show(got)}, want ${show(want)}`;
    const left = got as Record<string, Json>;
    const right = want as Record<string, Json>;
    const names = Object.keys(right).sort();
    if (Object.keys(left).sort().join() !== names.join())
      return `${path}: keys ${Object.keys(left)}, want ${names}`;
    const foreign = options.strangers?.has((right.labels as Record<string, string> | undefined)?.alertname);
    for (const name of names) {
      if (momentary.has(name) || (foreign === true && (name === 'updatedAt' || name === 'endsAt'))) {
        if (typeof left[name] !== typeof right[name]) return `${path}.${name}: ${show(left[name])}`;
        options.onTypeOnly?.(name);
        continue;
      }
      const difference = compare(left[name], right[name], `${path}.${name}`, options);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (typeof want === 'string' && typeof got === 'string' && timestamp.test(want) && timestamp.test(got))
    return Math.abs(Date.parse(got) - Date.parse(want)) <= toleranceMs
      ? undefined
      : `${path}: ${got}, want ${want}`;
  return got === want ? undefined : `${path}: ${show(got)}, want ${show(want)}`;
}

/** A value as it stands in a message. */
export const show = (value: Json) => JSON.stringify(value)?.slice(0, 300);
