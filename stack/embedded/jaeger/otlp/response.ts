import { Writer } from 'protobufjs/minimal.js';

/** The two encodings of OTLP over HTTP; an answer comes in the encoding of its request. */
export type OtlpEncoding = 'application/json' | 'application/x-protobuf';

/** `ExportTraceServiceResponse`; `partialSuccess` only when something was rejected. */
export function encodeExportResponse(
  encoding: OtlpEncoding,
  partialSuccess?: { readonly rejectedSpans: number; readonly errorMessage: string },
): Buffer {
  if (encoding === 'application/json') {
    const body =
      partialSuccess === undefined
        ? { partialSuccess: {} }
        : {
            partialSuccess: {
              rejectedSpans: String(partialSuccess.rejectedSpans),
              errorMessage: partialSuccess.errorMessage,
            },
          };
    return Buffer.from(JSON.stringify(body));
  }
  const writer = Writer.create();
  if (partialSuccess !== undefined) {
    writer.uint32((1 << 3) | 2).fork();
    writer.uint32((1 << 3) | 0).int64(partialSuccess.rejectedSpans);
    writer.uint32((2 << 3) | 2).string(partialSuccess.errorMessage);
    writer.ldelim();
  }
  return Buffer.from(writer.finish());
}

/** google.rpc.Code, as far as the receiver needs it. */
export const rpcCode = { invalidArgument: 3, internal: 13 } as const;

/** `google.rpc.Status`: the shape of every OTLP/HTTP error. */
export function encodeStatus(encoding: OtlpEncoding, code: number, message: string): Buffer {
  if (encoding === 'application/json') return Buffer.from(JSON.stringify({ code, message }));
  const writer = Writer.create();
  writer.uint32((1 << 3) | 0).int32(code);
  writer.uint32((2 << 3) | 2).string(message);
  return Buffer.from(writer.finish());
}
