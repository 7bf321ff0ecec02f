import { describe, expect, test } from 'vitest';
import { InvalidPayload } from '../../otlp/payload.ts';
import { decodeTracesJson } from './decode-json.ts';
import { decodeTracesProtobuf } from './decode-protobuf.ts';
import { encodeTracesJson } from './encode-json.ts';
import { encodeTracesProtobuf, otlpType } from './otlp-proto.ts';

const request = {
  resourceSpans: [
    {
      resource: {
        attributes: [
          { key: 'service.name', value: { stringValue: 'api' } },
          { key: 'list', value: { arrayValue: { values: [{ intValue: '1' }, { stringValue: 'ü' }] } } },
          { key: 'map', value: { kvlistValue: { values: [{ key: 'k', value: { boolValue: false } }] } } },
        ],
      },
      scopeSpans: [
        {
          scope: { name: 'lib', version: '1', attributes: [{ key: 's', value: { doubleValue: 0.5 } }] },
          spans: [
            {
              traceId: '0af7651916cd43dd8448eb211c80319c',
              spanId: 'b7ad6b7169203331',
              traceState: 'a=b',
              parentSpanId: '00f067aa0ba902b7',
              flags: 257,
              name: 'GET /notes',
              kind: 2,
              startTimeUnixNano: '1767225600123456789',
              endTimeUnixNano: '1767225600223456789',
              attributes: [
                { key: 'big', value: { intValue: '-9223372036854775808' } },
                { key: 'small', value: { intValue: '200' } },
                { key: 'blob', value: { bytesValue: 'AAAwOQ==' } },
                { key: 'empty', value: { stringValue: '' } },
              ],
              droppedAttributesCount: 3,
              events: [{ timeUnixNano: '1767225600123456790', name: 'exception' }],
              links: [{ traceId: '1af7651916cd43dd8448eb211c80319c', spanId: 'c7ad6b7169203331', flags: 1 }],
              droppedLinksCount: 1,
              status: { message: 'no', code: 2 },
            },
          ],
          schemaUrl: 'https://scope',
        },
      ],
      schemaUrl: 'https://resource',
    },
  ],
};

test('protobuf and JSON of one request are the same spans, and go out as they came', () => {
  const fromJson = decodeTracesJson(JSON.stringify(request));
  const fromProtobuf = decodeTracesProtobuf(encodeTracesProtobuf(request));
  expect(fromProtobuf).toEqual(fromJson);
  expect(encodeTracesJson(fromProtobuf)).toEqual(request);
});

test('a truncated protobuf is refused or, at a message boundary, shorter; never anything else', () => {
  const whole = encodeTracesProtobuf(request);
  let refused = 0;
  for (let length = 0; length < whole.length; length += 1) {
    try {
      expect(decodeTracesProtobuf(whole.subarray(0, length)).length).toBe(0);
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidPayload);
      refused += 1;
    }
  }
  expect(refused).toBe(whole.length - 1);
});

test('flipped bytes never end in anything but spans or a refusal', () => {
  const whole = encodeTracesProtobuf(request);
  for (let index = 0; index < whole.length; index += 1) {
    for (const mask of [0x01, 0x80, 0xff]) {
      const broken = Uint8Array.from(whole);
      broken[index] = broken[index]! ^ mask;
      try {
        decodeTracesProtobuf(broken);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidPayload);
      }
    }
  }
});

test('values nested beyond the limit are refused in both encodings', () => {
  let value: unknown = { stringValue: 'x' };
  for (let depth = 0; depth < 47; depth += 1) value = { arrayValue: { values: [value] } };
  const nested = { resourceSpans: [{ resource: { attributes: [{ key: 'deep', value }] } }] };
  expect(() => decodeTracesJson(JSON.stringify(nested))).toThrow('nested deeper than 45 levels');
  expect(() => decodeTracesProtobuf(encodeTracesProtobuf(nested))).toThrow('nested deeper than 45 levels');
});

test('a million nested lists in protobuf do not reach the end of the stack', () => {
  // Each level is one AnyValue.array_value around one ArrayValue.values; lengths are faked to the end of the body.
  const level = Buffer.alloc(100_000, Buffer.from([0x2a, 0x7f, 0x0a, 0x7f]));
  expect(() =>
    decodeTracesProtobuf(
      Buffer.concat([Buffer.from([0x0a, 0x7f, 0x0a, 0x7f, 0x0a, 0x7f, 0x12, 0x7f]), level]),
    ),
  ).toThrow(InvalidPayload);
});

test('the resource may follow its spans on the wire', () => {
  const type = otlpType('ResourceSpans');
  const scopeSpans = type.encode({ scopeSpans: [{ spans: [{ name: 'x' }] }] }).finish();
  const resource = type
    .encode({ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'late' } }] } })
    .finish();
  const body = Buffer.concat([
    Buffer.from([0x0a, scopeSpans.length + resource.length]),
    scopeSpans,
    resource,
  ]);
  expect(decodeTracesProtobuf(body)[0]?.resource.attributes).toEqual([
    { key: 'service.name', value: 'late' },
  ]);
});

describe('JSON', () => {
  const one = (span: object) => JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });

  test('takes snake_case names, enum names and unknown fields', () => {
    const [span] = decodeTracesJson(
      JSON.stringify({
        resource_spans: [
          {
            scope_spans: [
              {
                spans: [
                  {
                    trace_id: 'AF'.repeat(16),
                    kind: 'SPAN_KIND_CLIENT',
                    status: { code: 'STATUS_CODE_ERROR' },
                    x: 1,
                  },
                ],
              },
            ],
          },
        ],
      }),
    );
    expect(span).toMatchObject({ traceId: 'af'.repeat(16), kind: 3, statusCode: 2 });
  });

  test.each([
    ['{', 'invalid JSON'],
    ['[]', 'request: expected an object, got []'],
    ['{"resourceSpans":{}}', 'resourceSpans: expected an array, got {}'],
    [one({ traceId: 'xyz' }), 'traceId: "xyz" is not hexadecimal'],
    [one({ traceId: 'ab' }), 'traceId: invalid length for TraceID: "ab"'],
    [one({ spanId: 'ab' }), 'spanId: invalid length for SpanID: "ab"'],
    [one({ startTimeUnixNano: '1.5' }), 'startTimeUnixNano: expected an integer, got "1.5"'],
    [one({ startTimeUnixNano: '-1' }), 'startTimeUnixNano: -1 is out of range'],
    [one({ kind: 'SPAN_KIND_X' }), 'kind: unknown value "SPAN_KIND_X"'],
    [one({ attributes: [{ key: 'a', value: { bytesValue: '!' } }] }), 'bytesValue: illegal base64 data'],
  ])('refuses %s', (text, message) => {
    expect(() => decodeTracesJson(text)).toThrow(message);
  });
});
