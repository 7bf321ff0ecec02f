// A request for logs as OTLP's JSON has it.

export interface AnyValue {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: string | number;
  doubleValue?: number;
  bytesValue?: string;
  arrayValue?: { values?: AnyValue[] };
  kvlistValue?: { values?: KeyValue[] };
}

export interface KeyValue {
  key?: string;
  value?: AnyValue;
}

export interface LogRecord {
  timeUnixNano?: string | number;
  observedTimeUnixNano?: string | number;
  severityNumber?: number | string;
  severityText?: string;
  body?: AnyValue;
  attributes?: KeyValue[];
  droppedAttributesCount?: number;
  flags?: number;
  traceId?: string;
  spanId?: string;
}

export interface LogsData {
  resourceLogs?: {
    resource?: { attributes?: KeyValue[]; droppedAttributesCount?: number };
    scopeLogs?: {
      scope?: { name?: string; version?: string; attributes?: KeyValue[]; droppedAttributesCount?: number };
      logRecords?: LogRecord[];
    }[];
  }[];
}
