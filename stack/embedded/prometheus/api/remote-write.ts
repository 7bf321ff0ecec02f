import type { Request, RequestHandler } from 'express';
import protobuf from 'protobufjs';
import { uncompress } from 'snappyjs';
import { readBody } from '../../http/body.ts';
import { Labels } from '../labels/labels.ts';
import type { ExemplarRing } from '../storage/exemplars.ts';
import { type Head, isTooFarAhead } from '../storage/head.ts';
import { messageOf } from './api-error.ts';
import { plainError, type Routing } from './routing.ts';

const maxCompressedBytes = 32 * 1024 * 1024;
const maxBytes = 128 * 1024 * 1024;

/** prometheus/prompb, the messages of remote write 1.0. */
const WriteRequest = protobuf
  .parse(
    `syntax = "proto3";
     message WriteRequest { repeated TimeSeries timeseries = 1; }
     message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3; }
     message Label { string name = 1; string value = 2; }
     message Sample { double value = 1; int64 timestamp = 2; }
     message Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }`,
  )
  .root.lookupType('WriteRequest');

interface Pair {
  name?: string;
  value?: string;
}
interface Point {
  value?: number;
  timestamp?: number | { toNumber(): number };
  labels?: Pair[];
}
interface WriteMessage {
  timeseries?: { labels?: Pair[]; samples?: Point[]; exemplars?: Point[] }[];
}

/** `POST /api/v1/write`: remote write 1.0, when `--web.enable-remote-write-receiver` is set. */
export function addRemoteWrite(
  routing: Routing,
  head: Head,
  exemplars: ExemplarRing,
  enabled: boolean,
): void {
  const read: RequestHandler = readBody({ maxBytes: maxCompressedBytes, passThrough: ['snappy'] });
  routing.plain(['POST'], '/api/v1/write', async (request, response) => {
    if (!enabled) {
      plainError(
        response,
        404,
        'remote write receiver needs to be enabled with --web.enable-remote-write-receiver',
      );
      return;
    }
    const type = (request.headers['content-type'] ?? 'application/x-protobuf').split(';')[0]!.trim();
    if (type !== 'application/x-protobuf') {
      plainError(
        response,
        415,
        `expected application/x-protobuf as the first (media) part, got ${request.headers['content-type']} content-type`,
      );
      return;
    }
    const encoding = request.headers['content-encoding'] ?? 'snappy';
    if (encoding !== 'snappy') {
      plainError(
        response,
        415,
        `${encoding} encoding (compression) is not accepted by this server; only snappy is acceptable`,
      );
      return;
    }
    await new Promise<void>((resolve, reject) => {
      void read(request, response, (error?: unknown) =>
        error === undefined ? resolve() : reject(error as Error),
      );
    });
    let message: WriteMessage;
    try {
      message = decode(request);
    } catch (error) {
      plainError(response, 400, messageOf(error));
      return;
    }
    const fault = store(message, head, exemplars);
    if (fault === undefined) response.status(204).end();
    else plainError(response, 400, fault);
  });
}

function decode(request: Request): WriteMessage {
  const body = request.body as Buffer;
  let bytes: Uint8Array;
  try {
    if (body.length === 0) throw new Error('empty');
    bytes = uncompress(new Uint8Array(body), maxBytes);
  } catch {
    throw new Error('snappy: corrupt input');
  }
  try {
    return WriteRequest.decode(bytes) as unknown as WriteMessage;
  } catch (error) {
    throw new Error(`proto: ${messageOf(error)}`);
  }
}

function store(message: WriteMessage, head: Head, exemplars: ExemplarRing): string | undefined {
  const time = (point: Point): number =>
    typeof point.timestamp === 'object' ? point.timestamp.toNumber() : (point.timestamp ?? 0);
  const pairs = (labels: Pair[] = []) => labels.map(({ name = '', value = '' }) => [name, value] as const);
  let fault: string | undefined;
  for (const { labels, samples = [], exemplars: given = [] } of message.timeseries ?? []) {
    const series = Labels.from(pairs(labels));
    if (series.get('__name__') === '') {
      fault ??= `invalid labels for series, labels ${JSON.stringify(series)}`;
      continue;
    }
    const target = head.series(series);
    const buffer = new Float64Array(1);
    for (const point of samples) {
      buffer[0] = point.value ?? 0;
      const stale = Number.isNaN(buffer[0]) && isStaleValue(point.value ?? 0);
      const outcome = isTooFarAhead(time(point))
        ? 'out-of-bounds'
        : head.append(target, time(point), point.value ?? 0, stale);
      if (outcome === 'out-of-order') fault ??= 'out of order sample';
      else if (outcome === 'out-of-bounds') fault ??= 'out of bounds';
      else if (outcome === 'too-old') fault ??= 'too old sample';
      else if (outcome === 'duplicate') fault ??= 'duplicate sample for timestamp';
    }
    for (const point of given) {
      exemplars.append(series, {
        labels: Labels.from(pairs(point.labels)),
        value: point.value ?? 0,
        timeMs: time(point),
      });
    }
  }
  return fault;
}

/** V8 keeps the bits of a NaN that comes straight from a buffer, which is how the decoder reads it. */
function isStaleValue(value: number): boolean {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getUint32(0) === 0x7ff00000 && view.getUint32(4) === 2;
}
