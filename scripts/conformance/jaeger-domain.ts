/** Jaeger's domain model (proto3 JSON of `jaeger.api_v2`), as far as its fixtures use it. */
export interface DomainTrace {
  spans: DomainSpan[];
}

interface DomainSpan {
  traceId: string;
  spanId: string;
  operationName: string;
  startTime: string;
  duration: string;
  references?: { refType: 'CHILD_OF' | 'FOLLOWS_FROM'; traceId: string; spanId: string }[];
  tags?: DomainTag[];
  logs?: { timestamp: string; fields: DomainTag[] }[];
  process: { serviceName: string; tags?: DomainTag[] };
  warnings?: string[];
}

interface DomainTag {
  key: string;
  vStr?: string;
  vBool?: boolean;
  vInt64?: number;
  vFloat64?: number;
  vBinary?: string;
}

/**
 * The OTLP JSON that Jaeger's own translation makes of a domain trace: references become links with
 * `opentracing.ref_type`, a field `event` becomes the event's name.
 * `text` is the file itself, from which integers beyond 2^53 are read.
 */
export function domainToOtlp(trace: DomainTrace, text: string): unknown {
  const exact = new Map(
    [...text.matchAll(/"vInt64":\s*(-?\d{16,})/g)].map((match) => [Number(match[1]), match[1]!]),
  );
  const attribute = (tag: DomainTag) => ({ key: tag.key, value: value(tag, exact) });
  return {
    resourceSpans: trace.spans.map((span) => {
      const start = nanos(span.startTime);
      return {
        resource: {
          attributes: [
            { key: 'service.name', value: { stringValue: span.process.serviceName } },
            ...(span.process.tags ?? []).map(attribute),
          ],
        },
        scopeSpans: [
          {
            spans: [
              {
                traceId: hex(span.traceId),
                spanId: hex(span.spanId),
                name: span.operationName,
                startTimeUnixNano: String(start),
                endTimeUnixNano: String(start + BigInt(span.duration.replace(/ns$/, ''))),
                attributes: [
                  ...(span.tags ?? []).map(attribute),
                  ...(span.warnings === undefined
                    ? []
                    : [
                        {
                          key: '@jaeger@warnings',
                          value: {
                            arrayValue: { values: span.warnings.map((text) => ({ stringValue: text })) },
                          },
                        },
                      ]),
                ],
                events: (span.logs ?? []).map((log) => ({
                  timeUnixNano: String(nanos(log.timestamp)),
                  name: log.fields.find((field) => field.key === 'event')?.vStr ?? '',
                  attributes: log.fields.filter((field) => field.key !== 'event').map(attribute),
                })),
                links: (span.references ?? []).map((reference) => ({
                  traceId: hex(reference.traceId),
                  spanId: hex(reference.spanId),
                  attributes: [
                    { key: 'opentracing.ref_type', value: { stringValue: reference.refType.toLowerCase() } },
                  ],
                })),
              },
            ],
          },
        ],
      };
    }),
  };
}

function value(tag: DomainTag, exact: ReadonlyMap<number, string>): unknown {
  if (tag.vBool !== undefined) return { boolValue: tag.vBool };
  if (tag.vInt64 !== undefined) return { intValue: exact.get(tag.vInt64) ?? String(tag.vInt64) };
  if (tag.vFloat64 !== undefined) return { doubleValue: tag.vFloat64 };
  if (tag.vBinary !== undefined) return { bytesValue: tag.vBinary };
  return { stringValue: tag.vStr ?? '' };
}

function hex(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}

function nanos(time: string): bigint {
  const [, seconds, fraction, zone] = /^([^.]+?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(time)!;
  return BigInt(Date.parse(`${seconds}${zone}`)) * 1_000_000n + BigInt((fraction ?? '').padEnd(9, '0'));
}
