import { Reader } from 'protobufjs/minimal.js';
import { InvalidPayload } from '../../otlp/payload.ts';
import { readAttribute, readResource, readScope, readValue } from '../../otlp/protobuf-value.ts';
import type { Attribute, AttributeValue } from '../../otlp/value.ts';
import { fixed32, fixed64, id, message, number, skip, string } from '../../otlp/wire.ts';
import type { LogRecord, ResourceLogs, ScopeLogs } from './otlp-logs.ts';

/** Reads an ExportLogsServiceRequest in protobuf. @throws InvalidPayload when the bytes are none */
export function decodeLogsProtobuf(body: Uint8Array): ResourceLogs[] {
  const found: ResourceLogs[] = [];
  try {
    const reader = Reader.create(body);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag >>> 3 === 1) found.push(readResourceLogs(reader, message(reader, tag)));
      else skip(reader, tag);
    }
  } catch (error) {
    if (error instanceof InvalidPayload) throw error;
    throw new InvalidPayload('unexpected EOF');
  }
  return found;
}

function readResourceLogs(reader: Reader, end: number): ResourceLogs {
  let resource: ResourceLogs['resource'] = { attributes: [], droppedAttributesCount: 0 };
  const scopeLogs: ScopeLogs[] = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) resource = readResource(reader, message(reader, tag));
    else if (tag >>> 3 === 2) scopeLogs.push(readScopeLogs(reader, message(reader, tag)));
    else skip(reader, tag);
  }
  return { resource, scopeLogs };
}

function readScopeLogs(reader: Reader, end: number): ScopeLogs {
  let scope: ScopeLogs['scope'] = { name: '', version: '', attributes: [], droppedAttributesCount: 0 };
  const logRecords: LogRecord[] = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) scope = readScope(reader, message(reader, tag));
    else if (tag >>> 3 === 2) logRecords.push(readRecord(reader, message(reader, tag)));
    else skip(reader, tag);
  }
  return { scope, logRecords };
}

function readRecord(reader: Reader, end: number): LogRecord {
  const attributes: Attribute[] = [];
  const record = {
    timeUnixNano: 0n,
    observedTimeUnixNano: 0n,
    severityNumber: 0,
    severityText: '',
    body: null as AttributeValue,
    attributes,
    droppedAttributesCount: 0,
    flags: 0,
    traceId: '',
    spanId: '',
  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag >>> 3) {
      case 1:
        record.timeUnixNano = fixed64(reader, tag);
        break;
      case 2:
        record.severityNumber = number(reader, tag);
        break;
      case 3:
        record.severityText = string(reader, tag);
        break;
      case 5:
        record.body = readValue(reader, message(reader, tag), 1);
        break;
      case 6:
        attributes.push(readAttribute(reader, message(reader, tag), 0));
        break;
      case 7:
        record.droppedAttributesCount = number(reader, tag);
        break;
      case 8:
        record.flags = fixed32(reader, tag);
        break;
      case 9:
        record.traceId = id(reader, tag);
        break;
      case 10:
        record.spanId = id(reader, tag);
        break;
      case 11:
        record.observedTimeUnixNano = fixed64(reader, tag);
        break;
      default:
        skip(reader, tag);
    }
  }
  return record;
}
