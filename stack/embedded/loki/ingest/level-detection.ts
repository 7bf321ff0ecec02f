import { endOfJsonString, unescapeJson } from '../pipeline/json-scan.ts';
import { eachLogfmtPair } from '../pipeline/logfmt.ts';

/** Names under which a line, its labels or its metadata may carry a level (Loki's log_level_fields). */
const levelNames: ReadonlySet<string> = new Set([
  'level',
  'LEVEL',
  'Level',
  'log.level',
  'severity',
  'SEVERITY',
  'Severity',
  'SeverityText',
  'lvl',
  'LVL',
  'Lvl',
  'severity_text',
  'Severity_Text',
  'SEVERITY_TEXT',
]);

const known: Readonly<Record<string, string>> = {
  trace: 'trace',
  trc: 'trace',
  debug: 'debug',
  dbg: 'debug',
  info: 'info',
  inf: 'info',
  information: 'info',
  warn: 'warn',
  wrn: 'warn',
  warning: 'warn',
  error: 'error',
  err: 'error',
  critical: 'critical',
  fatal: 'fatal',
};
/** A level as a word on its own, in Loki's order of precedence. */
const words: readonly (readonly [RegExp, string])[] = (
  [
    ['trace', 'trace'],
    ['debug', 'debug'],
    ['fatal', 'fatal'],
    ['critical', 'critical'],
    ['error', 'error'],
    ['err', 'error'],
    ['warning', 'warn'],
    ['warn', 'warn'],
    ['info', 'info'],
  ] as const
).map(([word, level]) => [new RegExp(`(?<![\\p{L}\\p{Nd}_])${word}(?![\\p{L}\\p{Nd}_])`, 'iu'), level]);
const anyWord = /trace|debug|fatal|critical|err|warn|info/i;

const jsonLevel =
  /"(?:[Ll]evel|LEVEL|log\.level|[Ss]everity|SEVERITY|SeverityText|[Ll]vl|LVL|[Ss]everity_[Tt]ext|SEVERITY_TEXT)"\s*:\s*"/g;

/** The level that stream labels or metadata name, brought to Loki's spelling where it is a known one. */
export function levelFromNames(labels: Iterable<readonly [string, string]>): string | undefined {
  for (const [name, value] of labels) if (levelNames.has(name)) return known[value.toLowerCase()] ?? value;
  return undefined;
}

/** The level of OpenTelemetry's severity number. */
export function levelFromSeverity(text: string): string {
  const number = Number.parseInt(text, 10);
  if (Number.isNaN(number)) return 'info';
  if (number === 0) return 'unknown';
  const steps = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
  return steps[Math.floor((number - 1) / 4)] ?? 'unknown';
}

/** The level that a line's own text tells: a JSON or logfmt field, otherwise a word in it; `unknown` when none. */
export function levelFromLine(line: string): string {
  const value = fieldOf(line);
  return (value === undefined ? undefined : known[value.toLowerCase()]) ?? levelFromWords(line);
}

/** Longer lines are looked at only up to here. */
const maxInspected = 4096;

function levelFromWords(line: string): string {
  const head = line.length > maxInspected ? line.slice(0, maxInspected) : line;
  if (!anyWord.test(head)) return 'unknown';
  for (const [pattern, level] of words) if (pattern.test(head)) return level;
  return 'unknown';
}

function fieldOf(line: string): string | undefined {
  if (/^\s*\{/.test(line) && /\}\s*$/.test(line.slice(-16))) {
    jsonLevel.lastIndex = 0;
    const match = jsonLevel.exec(line);
    if (match === null) return undefined;
    const start = match.index + match[0].length - 1;
    try {
      return unescapeJson(line.slice(start + 1, endOfJsonString(line, start) - 1));
    } catch {
      return undefined;
    }
  }
  if (!line.includes('=')) return undefined;
  let found: string | undefined;
  eachLogfmtPair(line.length > maxInspected ? line.slice(0, maxInspected) : line, false, (key, value) => {
    if (!levelNames.has(key)) return false;
    found = value;
    return true;
  });
  return found;
}
