import {
  type Exposition,
  ExpositionError,
  excerpt,
  type MetricType,
  metadataOf,
  type ParsedExemplar,
  parseFloatStrict,
} from './exposition.ts';
import { parseSeries, seriesEnd, unescapeText } from './series-text.ts';

const types: readonly MetricType[] = [
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
  'unknown',
];

/** Parses OpenMetrics 1.0 text, exemplars included. Throws `ExpositionError`, also when `# EOF` is missing. */
export function parseOpenMetrics(text: string): Exposition {
  const exposition: Exposition = { samples: [], metadata: new Map() };
  let type: MetricType = 'unknown';
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 35) {
      const end = lineEnd(text, at);
      const line = text.slice(at, end);
      if (line === '# EOF') {
        if (text.slice(end).trim() !== '') throw new ExpositionError('unexpected data after # EOF');
        return exposition;
      }
      type = readComment(line, exposition) ?? type;
      at = end + 1;
      continue;
    }
    if (code === 10 || code === 32 || code === 13) {
      throw new ExpositionError(
        `"INVALID" is not a valid start token while parsing: ${excerpt(text.slice(at, lineEnd(text, at) + 1))}`,
      );
    }
    const seriesTo = seriesEnd(text, at);
    const end = lineEnd(text, seriesTo);
    readSample(text.slice(at, seriesTo), text.slice(seriesTo, end), type, exposition);
    at = end + 1;
  }
  throw new ExpositionError('data does not end with # EOF');
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

const sampleRest = /^ (\S+)(?: ([^\s#]+))?(?: # (\{.*\}) (\S+)(?: (\S+))?)?$/s;

function readSample(series: string, rest: string, type: MetricType, exposition: Exposition): void {
  const match = sampleRest.exec(rest);
  const line = series + rest;
  if (match === null)
    throw new ExpositionError(
      `expected value after metric, got ${excerpt(rest)} ("INVALID") while parsing: ${excerpt(line)}`,
    );
  const [, valueText, timeText, exemplarLabels, exemplarValue, exemplarTime] = match;
  let value: number;
  try {
    value = parseFloatStrict(valueText!);
  } catch (error) {
    throw new ExpositionError(
      `${(error as Error).message} while parsing: ${excerpt(`${series} ${valueText}`)}`,
    );
  }
  let exemplar: ParsedExemplar | undefined;
  if (exemplarLabels !== undefined) {
    // An exemplar's labels have no name; one is lent, so that the same parser reads them.
    const labels = /^\{\s*\}$/.test(exemplarLabels) ? [] : parseSeries(`e${exemplarLabels}`).slice(1);
    exemplar = { labels, value: parseFloatStrict(exemplarValue!), timeMs: seconds(exemplarTime, line) };
  }
  exposition.samples.push({ series, value, timeMs: seconds(timeText, line), exemplar, type });
}

function seconds(text: string | undefined, line: string): number | undefined {
  if (text === undefined) return undefined;
  const value = parseFloatStrict(text);
  if (!Number.isFinite(value))
    throw new ExpositionError(`invalid timestamp ${JSON.stringify(text)} while parsing: ${excerpt(line)}`);
  return Math.trunc(Number((value * 1000).toPrecision(15)));
}

const comment = /^# (HELP|TYPE|UNIT) (?:"([^"]*)"|([a-zA-Z_:][a-zA-Z0-9_:]*))(?: (.*))?$/s;

/** Takes over the metadata; returns the type that a TYPE line declares. */
function readComment(line: string, exposition: Exposition): MetricType | undefined {
  const match = comment.exec(line);
  if (match === null)
    throw new ExpositionError(`"INVALID" is not a valid start token while parsing: ${excerpt(line)}`);
  const name = match[2] === undefined ? match[3]! : unescapeText(match[2]);
  const rest = match[4] ?? '';
  const metadata = metadataOf(exposition.metadata, name);
  if (match[1] === 'HELP') metadata.help = unescapeText(rest);
  else if (match[1] === 'UNIT') {
    if (rest !== '' && !name.endsWith(`_${rest}`))
      throw new ExpositionError(
        `unit ${JSON.stringify(rest)} not a suffix of metric ${JSON.stringify(name)}`,
      );
    metadata.unit = rest;
  } else {
    if (!types.includes(rest as MetricType))
      throw new ExpositionError(`invalid metric type ${JSON.stringify(rest)}`);
    metadata.type = rest as MetricType;
    return metadata.type;
  }
  return undefined;
}
