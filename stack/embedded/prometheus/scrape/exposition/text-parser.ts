import {
  type Exposition,
  ExpositionError,
  excerpt,
  type MetricType,
  metadataOf,
  parseFloatStrict,
} from './exposition.ts';
import { seriesEnd, unescapeText } from './series-text.ts';

const types: Readonly<Record<string, MetricType>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  gaugehistogram: 'gaugehistogram',
  summary: 'summary',
  untyped: 'unknown',
  unknown: 'unknown',
};

/** Parses the Prometheus text format, version 0.0.4. Throws `ExpositionError`; nothing of a bad text is kept. */
export function parseText(text: string): Exposition {
  const exposition: Exposition = { samples: [], metadata: new Map() };
  let type: MetricType = 'unknown';
  let at = 0;
  const { length } = text;
  while (at < length) {
    const code = text.charCodeAt(at);
    if (code === 10 || code === 13 || code === 32 || code === 9) {
      at++;
      continue;
    }
    if (code === 35) {
      const end = lineEnd(text, at);
      type = readComment(text.slice(at, end), exposition) ?? type;
      at = end + 1;
      continue;
    }
    const seriesTo = seriesEnd(text, at);
    const end = lineEnd(text, seriesTo);
    const series = text.slice(at, seriesTo);
    const rest = text.slice(seriesTo, end).trim();
    const gap = rest.search(/[ \t]/);
    const valueText = gap === -1 ? rest : rest.slice(0, gap);
    const timeText = gap === -1 ? '' : rest.slice(gap).trim();
    if (valueText === '')
      throw new ExpositionError(
        `expected value after metric, got "\\n" ("INVALID") while parsing: ${excerpt(series)}`,
      );
    let value: number;
    try {
      value = parseFloatStrict(valueText);
    } catch (error) {
      throw new ExpositionError(
        `${(error as Error).message} while parsing: ${excerpt(text.slice(at, seriesTo + 1 + valueText.length))}`,
      );
    }
    if (timeText !== '' && !/^-?\d+$/.test(timeText)) {
      throw new ExpositionError(
        `expected next entry after timestamp, got ${excerpt(timeText)} ("INVALID") while parsing: ${excerpt(text.slice(at, end))}`,
      );
    }
    exposition.samples.push({
      series,
      value,
      timeMs: timeText === '' ? undefined : Number(timeText),
      exemplar: undefined,
      type,
    });
    at = end + 1;
  }
  return exposition;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

const comment = /^#[ \t]+(HELP|TYPE)[ \t]+(?:"([^"]*)"|([a-zA-Z_:][a-zA-Z0-9_:]*))(?:[ \t]+(.*))?$/s;

/** Takes over the metadata; returns the type that a TYPE line declares. */
function readComment(line: string, exposition: Exposition): MetricType | undefined {
  const match = comment.exec(line);
  if (match === null) return undefined;
  const name = match[2] === undefined ? match[3]! : unescapeText(match[2]);
  const rest = match[4] ?? '';
  if (match[1] === 'HELP') {
    metadataOf(exposition.metadata, name).help = rest.replace(/\\([\\n])/g, (_all, code: string) =>
      code === 'n' ? '\n' : '\\',
    );
    return undefined;
  }
  const type = Object.hasOwn(types, rest.trim()) ? types[rest.trim()] : undefined;
  if (type === undefined) throw new ExpositionError(`invalid metric type ${JSON.stringify(rest.trim())}`);
  metadataOf(exposition.metadata, name).type = type;
  return type;
}
