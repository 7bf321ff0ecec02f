type Json = Record<string, unknown>;

const second = 1_000_000_000n;
/** 2200-01-01, after what is asked for. */
const later = 7_258_118_400n * second;

export interface Leading {
  /** Spans that lead to the answer. */
  readonly otlp: unknown;
  /** Spans that must leave no trace in it: another time, another service, or what is there already. */
  readonly besides: unknown;
  readonly path: string;
}

/**
 * For a recorded answer of `/api/v3`: spans that must lead to exactly that answer, and the request that asks for it.
 * Undefined for endpoints that are not offered.
 */
export function spansLeadingTo(name: string, answer: Json): Leading | undefined {
  const stranger = request([
    resource('stranger', [
      span({ name: 'later', startTimeUnixNano: String(later), endTimeUnixNano: String(later + second) }),
    ]),
  ]);
  const range = 'query.startTimeMin=1970-01-01T00:00:00Z&query.startTimeMax=2100-01-01T00:00:00Z';
  switch (name) {
    case 'GetServices': {
      const services = (): unknown =>
        request((answer.services as string[]).map((service) => resource(service, [span({ name: 'x' })])));
      return { otlp: services(), besides: services(), path: '/api/v3/services' };
    }
    case 'GetOperations': {
      const operations = answer.operations as { name: string; spanKind: string }[];
      const kinds = ['', 'internal', 'server', 'client', 'producer', 'consumer'];
      const spans = operations.map((operation) =>
        span({ name: operation.name, kind: kinds.indexOf(operation.spanKind) }),
      );
      return {
        otlp: request([resource('foo', spans)]),
        besides: stranger,
        path: '/api/v3/operations?service=foo',
      };
    }
    case 'GetTrace': {
      const first = (answer.result as { resourceSpans: { scopeSpans: { spans: { traceId: string }[] }[] }[] })
        .resourceSpans[0]!.scopeSpans[0]!.spans[0]!;
      return {
        otlp: answer.result,
        besides: stranger,
        path: `/api/v3/traces/${first.traceId.replace(/^0+/, '')}`,
      };
    }
    case 'FindTraces':
      return { otlp: answer.result, besides: stranger, path: `/api/v3/traces?${range}` };
    case 'FindTraceSummaries':
      return {
        otlp: request((answer.summaries as Summary[]).flatMap(summarized)),
        besides: stranger,
        path: `/api/v3/trace-summaries?${range}`,
      };
    default:
      return undefined;
  }
}

interface Summary {
  traceId: string;
  rootServiceName: string;
  rootOperationName: string;
  minStartTimeUnixNano: string;
  maxEndTimeUnixNano: string;
  services: { name: string; spanCount: number; errorSpanCount?: number }[];
}

/** A root, and below it as many spans and errors of each service as the summary counts. */
function summarized(summary: Summary): unknown[] {
  const start = BigInt(summary.minStartTimeUnixNano);
  let next = 2;
  return summary.services.map((service) => {
    const isRoot = service.name === summary.rootServiceName;
    const spans: unknown[] = [];
    if (isRoot) {
      spans.push(
        span({
          traceId: summary.traceId,
          spanId: id(1),
          name: summary.rootOperationName,
          startTimeUnixNano: summary.minStartTimeUnixNano,
          endTimeUnixNano: summary.maxEndTimeUnixNano,
        }),
      );
    }
    for (
      let left = service.spanCount - spans.length, errors = service.errorSpanCount ?? 0;
      left > 0;
      left -= 1
    ) {
      spans.push(
        span({
          traceId: summary.traceId,
          spanId: id(next++),
          parentSpanId: id(1),
          startTimeUnixNano: String(start + 100n),
          endTimeUnixNano: String(start + 900n),
          status: errors-- > 0 ? { code: 2 } : {},
        }),
      );
    }
    return resource(service.name, spans);
  });
}

function request(resourceSpans: unknown[]): unknown {
  return { resourceSpans };
}

function resource(service: string, spans: unknown[]): unknown {
  return {
    resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
    scopeSpans: [{ scope: {}, spans }],
  };
}

let lastId = 1000;

function span(fields: Json): Json {
  lastId += 1;
  return {
    traceId: id(lastId).padStart(32, '0'),
    spanId: id(lastId),
    startTimeUnixNano: String(second),
    endTimeUnixNano: String(2n * second),
    ...fields,
  };
}

function id(number: number): string {
  return number.toString(16).padStart(16, '0');
}
