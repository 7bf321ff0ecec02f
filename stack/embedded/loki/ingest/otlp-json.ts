import {
  attributes,
  count,
  enumeration,
  field,
  id,
  type JsonObject,
  list,
  object,
  readValue,
  string,
  time,
} from '../../otlp/json-fields.ts';
import type { Attributed, LogRecord, ResourceLogs } from './otlp-logs.ts';

/** Reads an ExportLogsServiceRequest from its JSON. @throws InvalidPayload naming the field that is wrong */
export function decodeLogsJson(document: JsonObject): ResourceLogs[] {
  return list(document, 'resourceLogs').map((raw) => ({
    // The collector's reader passes over a resource's dropped attributes.
    resource: {
      attributes: attributes(object(field(raw, 'resource') ?? {}, 'resource')),
      droppedAttributesCount: 0,
    },
    scopeLogs: list(raw, 'scopeLogs').map((scopeLogs) => {
      const scope = object(field(scopeLogs, 'scope') ?? {}, 'scope');
      return {
        scope: { name: string(scope, 'name'), version: string(scope, 'version'), ...attributed(scope) },
        logRecords: list(scopeLogs, 'logRecords').map(readRecord),
      };
    }),
  }));
}

function attributed(raw: JsonObject): Attributed {
  return { attributes: attributes(raw), droppedAttributesCount: count(raw, 'droppedAttributesCount') };
}

function readRecord(raw: JsonObject): LogRecord {
  return {
    timeUnixNano: time(raw, 'timeUnixNano'),
    observedTimeUnixNano: time(raw, 'observedTimeUnixNano'),
    severityNumber: enumeration(raw, 'severityNumber', severities, { keepUnknown: true }),
    severityText: string(raw, 'severityText'),
    body: readValue(field(raw, 'body')),
    ...attributed(raw),
    flags: count(raw, 'flags'),
    traceId: id(raw, 'traceId', 16),
    spanId: id(raw, 'spanId', 8),
  };
}

/** SEVERITY_NUMBER_UNSPECIFIED, SEVERITY_NUMBER_TRACE, SEVERITY_NUMBER_TRACE2 and so on up to SEVERITY_NUMBER_FATAL4. */
const severities = [
  'UNSPECIFIED',
  ...['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((level) =>
    ['', '2', '3', '4'].map((step) => `${level}${step}`),
  ),
].map((name) => `SEVERITY_NUMBER_${name}`);
