import type { JsonObject } from '../../otlp/json-fields.ts';
import { InvalidPayload } from '../../otlp/payload.ts';
import type { AttributeValue, KeyValueList } from '../../otlp/value.ts';
import { sanitizeLabelName } from '../pipeline/line-labels.ts';
import { instantOf } from '../storage/instant.ts';
import { getOrCreate } from '../units/get-or-create.ts';
import { describeJsonError } from './json-error.ts';
import { decodeLogsJson } from './otlp-json.ts';
import type { LogRecord, ResourceLogs } from './otlp-logs.ts';
import { decodeLogsProtobuf } from './otlp-protobuf.ts';
import { PushError } from './push-error.ts';
import type { PushedEntry, PushedStream } from './push-request.ts';
import { formatLabels } from './stream-labels.ts';

/** Resource attributes that become stream labels by Loki's default; all others become structured metadata. */
const indexed: ReadonlySet<string> = new Set([
  'cloud.availability_zone',
  'cloud.region',
  'container.name',
  'deployment.environment',
  'deployment.environment.name',
  'k8s.cluster.name',
  'k8s.container.name',
  'k8s.cronjob.name',
  'k8s.daemonset.name',
  'k8s.deployment.name',
  'k8s.job.name',
  'k8s.namespace.name',
  'k8s.pod.name',
  'k8s.replicaset.name',
  'k8s.statefulset.name',
  'service.instance.id',
  'service.name',
  'service.namespace',
]);

/**
 * Parses an OTLP logs request (JSON or protobuf) into streams, mapped as Loki does by default. A record without a time is
 * of this moment, which is `nowMs`.
 */
export function parseOtlpLogs(body: Buffer, contentType: string, nowMs: number): PushedStream[] {
  const type = contentType.split(';')[0]!.trim().toLowerCase();
  try {
    if (type === 'application/json') return streamsOf(decodeJson(body), nowMs);
    if (type === 'application/x-protobuf') return streamsOf(decodeLogsProtobuf(body), nowMs);
  } catch (error) {
    // The stack of JSON.parse ends before any number of brackets that somebody sends.
    if (error instanceof RangeError) throw new PushError(400, 'values are nested too deeply');
    if (error instanceof InvalidPayload) throw new PushError(400, error.message);
    throw error;
  }
  throw new PushError(400, `content type: ${contentType} is not supported`);
}

function decodeJson(body: Buffer): ResourceLogs[] {
  const text = body.toString();
  let document: unknown;
  try {
    document = JSON.parse(text);
    if (typeof document !== 'object' || document === null || Array.isArray(document)) throw new SyntaxError();
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new PushError(400, describeJsonError(text, 'plogotlp.ExportRequest'));
  }
  return decodeLogsJson(document as JsonObject);
}

function streamsOf(data: readonly ResourceLogs[], nowMs: number): PushedStream[] {
  const streams = new Map<string, PushedEntry[]>();
  for (const { resource, scopeLogs } of data) {
    const labels: [string, string][] = [];
    const shared: [string, string][] = [];
    for (const { key, value } of resource.attributes) {
      if (indexed.has(key)) labels.push([sanitizeLabelName(key), textOf(value)]);
      else flatten(key, value, shared);
    }
    if (resource.droppedAttributesCount > 0) {
      shared.push(['resource_dropped_attributes_count', String(resource.droppedAttributesCount)]);
    }
    labels.sort((left, right) => (left[0] < right[0] ? -1 : 1));
    const text = formatLabels(labels);
    const entries = getOrCreate(streams, text, () => []);
    for (const { scope, logRecords } of scopeLogs) {
      const scoped = [...shared];
      for (const { key, value } of scope.attributes) flatten(key, value, scoped);
      if (scope.name !== '') scoped.push(['scope_name', scope.name]);
      if (scope.version !== '') scoped.push(['scope_version', scope.version]);
      if (scope.droppedAttributesCount > 0) {
        scoped.push(['scope_dropped_attributes_count', String(scope.droppedAttributesCount)]);
      }
      for (const record of logRecords) entries.push(entryOf(record, scoped, nowMs));
    }
  }
  return [...streams]
    .filter(([, entries]) => entries.length > 0)
    .map(([labels, entries]) => ({ labels, entries }));
}

function entryOf(record: LogRecord, shared: readonly [string, string][], nowMs: number): PushedEntry {
  const { timeUnixNano: time, observedTimeUnixNano: observed } = record;
  const metadata = [...shared];
  for (const { key, value } of record.attributes) flatten(key, value, metadata);
  if (record.droppedAttributesCount > 0) {
    metadata.push(['dropped_attributes_count', String(record.droppedAttributesCount)]);
  }
  if (record.severityNumber !== 0) metadata.push(['severity_number', String(record.severityNumber)]);
  if (record.severityText !== '') metadata.push(['severity_text', record.severityText]);
  // Where it stands in for the time, it is not told twice.
  if (observed !== 0n && time !== 0n) metadata.push(['observed_timestamp', String(observed)]);
  if (isSet(record.traceId)) metadata.push(['trace_id', record.traceId]);
  if (isSet(record.spanId)) metadata.push(['span_id', record.spanId]);
  if (record.flags !== 0) metadata.push(['flags', String(record.flags)]);
  const at = time || observed || BigInt(Math.trunc(nowMs)) * 1_000_000n;
  return { at: instantOf(at), line: textOf(record.body), metadata };
}

/** An ID of zeros is none. */
function isSet(id: string): boolean {
  return /[^0]/.test(id);
}

/** A nested attribute becomes one per leaf, names joined by `_`. */
function flatten(key: string, value: AttributeValue, into: [string, string][]): void {
  const name = sanitizeLabelName(key);
  if (name === '') throw new PushError(400, 'symbolizer lookup: label name is empty');
  if (isMap(value)) {
    for (const member of value.entries) flatten(`${name}_${member.key}`, member.value, into);
  } else into.push([name, textOf(value)]);
}

/** A value as text, as the collector's AsString has it: what is structured becomes JSON. */
function textOf(value: AttributeValue): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return base64(value);
  return typeof value === 'object' ? jsonOf(value) : String(value);
}

function jsonOf(value: AttributeValue): string {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return JSON.stringify(base64(value));
  if (isMap(value)) {
    // Of two members of one name the last counts, and Go writes the keys of a map sorted.
    const members = new Map(value.entries.map((member) => [member.key, member.value]));
    const sorted = [...members].sort((left, right) => (left[0] < right[0] ? -1 : 1));
    return `{${sorted.map(([key, member]) => `${JSON.stringify(key)}:${jsonOf(member)}`).join()}}`;
  }
  if (Array.isArray(value)) return `[${value.map((item: AttributeValue) => jsonOf(item)).join()}]`;
  return JSON.stringify(value);
}

function isMap(value: AttributeValue): value is KeyValueList {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
