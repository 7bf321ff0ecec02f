import { sanitizeLabelName } from '../pipeline/line-labels.ts';
import { getOrCreate } from '../units/get-or-create.ts';
import { describeJsonError } from './json-error.ts';
import type { AnyValue, LogRecord, LogsData } from './otlp-logs.ts';
import { decodeLogs } from './otlp-schema.ts';
import { PushError } from './push-error.ts';
import { parseNanoseconds } from './push-json.ts';
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

/** Parses an OTLP logs request (JSON or protobuf) into streams, mapped as Loki does by default. */
export function parseOtlpLogs(body: Buffer, contentType: string): PushedStream[] {
  const type = contentType.split(';')[0]!.trim().toLowerCase();
  try {
    if (type === 'application/json') return streamsOf(parseJson(body));
    if (type === 'application/x-protobuf') return streamsOf(decodeLogs(body));
  } catch (error) {
    // Values may hold values: the stack ends before any number that somebody sends.
    if (error instanceof RangeError) throw new PushError(400, 'values are nested too deeply');
    throw error;
  }
  throw new PushError(400, `content type: ${contentType} is not supported`);
}

function parseJson(body: Buffer): LogsData {
  const text = body.toString();
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document !== 'object' || document === null || Array.isArray(document)) throw new SyntaxError();
    return document as LogsData;
  } catch {
    throw new PushError(400, describeJsonError(text, 'plogotlp.ExportRequest'));
  }
}

function streamsOf(data: LogsData): PushedStream[] {
  const streams = new Map<string, PushedEntry[]>();
  for (const { resource, scopeLogs } of list(data.resourceLogs)) {
    const labels: [string, string][] = [];
    const shared: [string, string][] = [];
    for (const { key = '', value } of list(resource?.attributes)) {
      if (indexed.has(key)) labels.push([sanitizeLabelName(key), textOf(value)]);
      else flatten(key, value, shared);
    }
    if (resource?.droppedAttributesCount) {
      shared.push(['resource_dropped_attributes_count', String(resource.droppedAttributesCount)]);
    }
    labels.sort((left, right) => (left[0] < right[0] ? -1 : 1));
    const text = formatLabels(labels);
    const entries = getOrCreate(streams, text, () => []);
    for (const { scope, logRecords } of list(scopeLogs)) {
      const scoped = [...shared];
      for (const { key = '', value } of list(scope?.attributes)) flatten(key, value, scoped);
      if (scope?.name) scoped.push(['scope_name', scope.name]);
      if (scope?.version) scoped.push(['scope_version', scope.version]);
      if (scope?.droppedAttributesCount) {
        scoped.push(['scope_dropped_attributes_count', String(scope.droppedAttributesCount)]);
      }
      for (const record of list(logRecords)) entries.push(entryOf(record, scoped));
    }
  }
  return [...streams]
    .filter(([, entries]) => entries.length > 0)
    .map(([labels, entries]) => ({ labels, entries }));
}

function entryOf(record: LogRecord, shared: readonly [string, string][]): PushedEntry {
  const metadata = [...shared];
  for (const { key = '', value } of list(record.attributes)) flatten(key, value, metadata);
  const observed = String(record.observedTimeUnixNano ?? '0');
  const time = String(record.timeUnixNano ?? '0');
  if (record.droppedAttributesCount) {
    metadata.push(['dropped_attributes_count', String(record.droppedAttributesCount)]);
  }
  if (record.severityNumber) metadata.push(['severity_number', String(record.severityNumber)]);
  if (record.severityText) metadata.push(['severity_text', record.severityText]);
  // Where it stands in for the time, it is not told twice.
  if (observed !== '0' && time !== '0') metadata.push(['observed_timestamp', observed]);
  if (record.traceId) metadata.push(['trace_id', record.traceId.toLowerCase()]);
  if (record.spanId) metadata.push(['span_id', record.spanId.toLowerCase()]);
  if (record.flags) metadata.push(['flags', String(record.flags)]);
  const at = parseNanoseconds(time === '0' ? observed : time);
  if (at === undefined) throw new PushError(400, `ReadUint64: unexpected character: ${time}`);
  return { at, line: textOf(record.body), metadata };
}

/** A nested attribute becomes one per leaf, names joined by `_`. */
function flatten(key: string, value: AnyValue | undefined, into: [string, string][]): void {
  const name = sanitizeLabelName(key);
  const members = value?.kvlistValue;
  if (members === undefined) into.push([name, textOf(value)]);
  else for (const member of list(members.values)) flatten(`${name}_${member.key ?? ''}`, member.value, into);
}

/** A value as text, as the collector's AsString has it: what is structured becomes JSON. */
function textOf(value: AnyValue | undefined): string {
  if (value === undefined || value === null) return '';
  if (value.stringValue !== undefined) return String(value.stringValue);
  if (value.kvlistValue !== undefined || value.arrayValue !== undefined) return JSON.stringify(plain(value));
  const simple = plain(value);
  return simple === null ? '' : String(simple);
}

function plain(value: AnyValue | undefined): unknown {
  if (value === undefined || value === null) return null;
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.intValue !== undefined) return Number(value.intValue);
  if (value.doubleValue !== undefined) return value.doubleValue;
  if (value.bytesValue !== undefined) return value.bytesValue;
  if (value.arrayValue !== undefined) return list(value.arrayValue.values).map(plain);
  if (value.kvlistValue !== undefined) {
    const members = list(value.kvlistValue.values).map(
      ({ key = '', value: member }) => [key, plain(member)] as const,
    );
    // Go writes the keys of a map sorted.
    return Object.fromEntries(members.sort((left, right) => (left[0] < right[0] ? -1 : 1)));
  }
  return null;
}

function list<T>(values: T[] | undefined): T[] {
  return Array.isArray(values) ? values : [];
}
