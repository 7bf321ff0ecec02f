import type { Attribute, AttributeValue } from '../../otlp/value.ts';

// A request for logs, whichever way it was encoded. Times are nanoseconds since the epoch; 0 is none.

export interface LogRecord {
  readonly timeUnixNano: bigint;
  readonly observedTimeUnixNano: bigint;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: AttributeValue;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
  readonly flags: number;
  /** In hexadecimal, empty where there is none. */
  readonly traceId: string;
  readonly spanId: string;
}

export interface Attributed {
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
}

export interface ScopeLogs {
  readonly scope: Attributed & { readonly name: string; readonly version: string };
  readonly logRecords: readonly LogRecord[];
}

export interface ResourceLogs {
  readonly resource: Attributed;
  readonly scopeLogs: readonly ScopeLogs[];
}
