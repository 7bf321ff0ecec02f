import { describe, expect, it } from 'vitest';
import { encodeLogs } from '../server/test-otlp.ts';
import { formatNanoseconds } from '../storage/instant.ts';
import { parseOtlpLogs } from './otlp.ts';

// What Loki 3.7 answered to the same requests.

const nowMs = 1_767_225_600_000;
const time = '1767225600123456789';
const named = { attributes: [{ key: 'service.name', value: { stringValue: 's' } }] };
const body = { stringValue: 'hello' };
const request = (record: object | null, parts: { resource?: object; scope?: object } = {}): object => ({
  resourceLogs: [
    { resource: { ...named, ...parts.resource }, scopeLogs: [{ scope: parts.scope, logRecords: [record] }] },
  ],
});

/** The one entry of a request, in both encodings the same where `protobuf` is asked for as well. */
function read(document: object, encoding: 'json' | 'protobuf' = 'json') {
  const [stream] = parseOtlpLogs(
    encoding === 'json' ? Buffer.from(JSON.stringify(document)) : encodeLogs(document),
    encoding === 'json' ? 'application/json' : 'application/x-protobuf',
    nowMs,
  );
  const { at, line, metadata } = stream!.entries[0]!;
  return { time: formatNanoseconds(at), line, metadata: Object.fromEntries(metadata ?? []) };
}

describe('logs by OTLP', () => {
  it('are read under the names of proto3 JSON and of the proto file', () => {
    const snake = {
      resource_logs: [
        {
          resource: { attributes: [{ key: 'service.name', value: { string_value: 's' } }] },
          scope_logs: [
            {
              scope: { name: 'lib', dropped_attributes_count: 3 },
              log_records: [
                {
                  time_unix_nano: time,
                  observed_time_unix_nano: time,
                  severity_text: 'INFO',
                  body: { string_value: 'hello' },
                  trace_id: '5B8EFFF798038103D269B633813FC60C',
                  dropped_attributes_count: 5,
                },
              ],
            },
          ],
        },
      ],
    };
    expect(read(snake)).toEqual({
      time,
      line: 'hello',
      metadata: {
        scope_name: 'lib',
        scope_dropped_attributes_count: '3',
        dropped_attributes_count: '5',
        severity_text: 'INFO',
        observed_timestamp: time,
        trace_id: '5b8efff798038103d269b633813fc60c',
      },
    });
  });

  it.each([
    ['an ID of zeros is none', { traceId: '0'.repeat(32), spanId: '0'.repeat(16) }, {}],
    [
      'a severity by its name is its number',
      { severityNumber: 'SEVERITY_NUMBER_WARN3' },
      { severity_number: '15' },
    ],
    ['no severity is none', { severityNumber: 'SEVERITY_NUMBER_UNSPECIFIED' }, {}],
    ['a severity beyond the names stays', { severityNumber: 99 }, { severity_number: '99' }],
    ['flags may be text', { flags: '1' }, { flags: '1' }],
    ['what nobody knows is passed over', { foo: { bar: 1 }, eventName: 'e' }, {}],
    ['null is nothing', { attributes: null, severityText: null }, {}],
  ])('%s', (_what, fields, metadata) => {
    expect(read(request({ timeUnixNano: time, body, ...fields }))).toEqual({ time, line: 'hello', metadata });
  });

  it.each(['json', 'protobuf'] as const)('keep integers beyond 2^53, in %s', (encoding) => {
    const big = { intValue: '9223372036854775807' };
    const list = { arrayValue: { values: [{ intValue: '-9007199254740993' }, {}] } };
    const map = {
      kvlistValue: {
        values: [
          { key: 'z', value: big },
          { key: 'a', value: { doubleValue: 1.5 } },
        ],
      },
    };
    const attributes = [
      { key: 'big', value: big },
      { key: 'list', value: list },
      { key: 'map', value: map },
    ];
    expect(read(request({ timeUnixNano: time, body: map, attributes }), encoding)).toEqual({
      time,
      line: '{"a":1.5,"z":9223372036854775807}',
      metadata: {
        big: '9223372036854775807',
        list: '[-9007199254740993,null]',
        map_z: '9223372036854775807',
        map_a: '1.5',
      },
    });
  });

  it.each(['json', 'protobuf'] as const)('write bytes in base64, in %s', (encoding) => {
    const bytes = encoding === 'json' ? 'aGk=' : Buffer.from('hi');
    const value = { bytesValue: bytes };
    expect(
      read(request({ timeUnixNano: time, body: value, attributes: [{ key: 'a', value }] }), encoding),
    ).toEqual({ time, line: 'aGk=', metadata: { a: 'aGk=' } });
  });

  it('are of the time at which they were observed, or of this moment, where they have none', () => {
    expect(read(request({ observedTimeUnixNano: time, body }))).toMatchObject({ time, metadata: {} });
    expect(read(request({ body })).time).toBe(`${nowMs}000000`);
    expect(read(request(null))).toEqual({ time: `${nowMs}000000`, line: '', metadata: {} });
  });

  it('take a time as a JSON number by its digits', () => {
    expect(read(request({ timeUnixNano: 1_767_225_600_123_000_000, body })).time).toBe('1767225600123000000');
  });

  it.each([
    ['a trace ID in base64', { traceId: 'W47/95gDgQPSabYzgT/GDA==' }, /traceId: .* is not hexadecimal/],
    ['a trace ID that is too short', { traceId: '5b8e' }, /traceId: invalid length/],
    ['a severity that does not exist', { severityNumber: 'NOPE' }, /severityNumber: unknown value "NOPE"/],
    ['a number as text for it', { severityNumber: '17' }, /severityNumber: unknown value "17"/],
    ['text that is a number', { body: { stringValue: 5 } }, /stringValue: expected a string, got 5/],
    ['a boolean as text', { body: { boolValue: 'true' } }, /boolValue: expected true or false/],
    ['an integer with a fraction', { body: { intValue: 1.5 } }, /intValue: expected an integer, got 1.5/],
    ['attributes that are no list', { attributes: {} }, /attributes: expected an array/],
    ['base64 of another alphabet', { body: { bytesValue: '-_8=' } }, /illegal base64 data/],
    ['a time that is none', { timeUnixNano: 'x' }, /timeUnixNano: expected an integer, got "x"/],
    ['an attribute without a name', { attributes: [{ value: body }] }, /label name is empty/],
  ])('refuse %s, with 400', (_what, fields, message) => {
    const parse = () => read(request({ timeUnixNano: time, body, ...fields }));
    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.objectContaining({ status: 400 }));
  });

  it('pass over an empty request, and refuse one whose parts are none', () => {
    const parse = (document: object) =>
      parseOtlpLogs(Buffer.from(JSON.stringify(document)), 'application/json', nowMs);
    expect(parse({})).toEqual([]);
    expect(parse({ resourceLogs: null })).toEqual([]);
    expect(parse({ resourceLogs: [null] })).toEqual([]);
    expect(() => parse({ resourceLogs: 'x' })).toThrow('resourceLogs: expected an array, got "x"');
  });
});
