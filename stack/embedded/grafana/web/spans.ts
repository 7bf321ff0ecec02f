// A trace as it comes from Jaeger (OTLP/JSON), in the order in which a waterfall shows it.

interface Attribute {
  readonly key: string;
  readonly value?: Readonly<Record<string, unknown>>;
}

interface OtlpSpan {
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name?: string;
  readonly startTimeUnixNano?: string;
  readonly endTimeUnixNano?: string;
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly attributes?: readonly Attribute[];
  readonly events?: readonly {
    readonly name?: string;
    readonly timeUnixNano?: string;
    readonly attributes?: readonly Attribute[];
  }[];
}

export interface TraceAnswer {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly Attribute[] };
    readonly scopeSpans?: readonly { readonly spans?: readonly OtlpSpan[] }[];
  }[];
}

export interface SpanRow {
  readonly id: string;
  readonly service: string;
  readonly name: string;
  /** How many spans stand above it. */
  readonly depth: number;
  readonly startMs: number;
  /** Milliseconds after the trace's start. */
  readonly offsetMs: number;
  readonly durationMs: number;
  readonly failed: boolean;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly resource: Readonly<Record<string, string>>;
}

/** Parents before their children, children by their start. A span whose parent is missing stands at the top. */
export function spanRows({ resourceSpans = [] }: TraceAnswer): SpanRow[] {
  const spans = resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const about = Object.fromEntries(attributesOf(resource?.attributes));
    return scopeSpans.flatMap(({ spans = [] }) =>
      spans.map((span) => ({
        span,
        resource: about,
        start: BigInt(span.startTimeUnixNano ?? 0),
        end: BigInt(span.endTimeUnixNano ?? 0),
      })),
    );
  });
  spans.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  const first = spans[0]?.start ?? 0n;
  const known = new Set(spans.map(({ span }) => span.spanId));
  const children = new Map<string, typeof spans>();
  for (const one of spans) {
    const { parentSpanId = '' } = one.span;
    const parent = known.has(parentSpanId) ? parentSpanId : '';
    children.set(parent, [...(children.get(parent) ?? []), one]);
  }
  const rows: SpanRow[] = [];
  const seen = new Set<string>();
  const visit = (parent: string, depth: number): void => {
    for (const { span, resource, start, end } of children.get(parent) ?? []) {
      // Sent twice, shown once.
      if (seen.has(span.spanId)) continue;
      seen.add(span.spanId);
      rows.push({
        id: span.spanId,
        service: resource['service.name'] ?? '',
        name: span.name ?? '',
        depth,
        startMs: Number(start / 1000n) / 1000,
        offsetMs: Number(start - first) / 1e6,
        durationMs: Number(end - start) / 1e6,
        failed: span.status?.code === 2,
        attributes: [
          ...attributesOf(span.attributes),
          ...(span.status?.message ? [['status.message', span.status.message] as const] : []),
          ...(span.events ?? []).flatMap((event) =>
            attributesOf(event.attributes).map(
              ([name, value]) => [`event ${event.name ?? ''}: ${name}`, value] as const,
            ),
          ),
        ],
        resource,
      });
      visit(span.spanId, depth + 1);
    }
  };
  visit('', 0);
  return rows;
}

function attributesOf(attributes: readonly Attribute[] = []): (readonly [string, string])[] {
  return attributes.map(({ key, value = {} }) => {
    const [content = ''] = Object.values(value);
    return [key, typeof content === 'object' ? JSON.stringify(content) : String(content)] as const;
  });
}
