import protobuf from 'protobufjs';
import { compress } from 'snappyjs';
import { expect, test } from 'vitest';
import { startTestServer } from '../testing/test-server.ts';

const { root } = protobuf.parse(
  `syntax = "proto3";
   message W { repeated T timeseries = 1; }
   message T { repeated L labels = 1; repeated S samples = 2; }
   message L { string name = 1; string value = 2; }
   message S { double value = 1; int64 timestamp = 2; }`,
);
const Write = root.lookupType('W');
const start = Date.now() - 60_000;

function body(
  samples: [value: number, timestamp: number][],
  labels: Record<string, string> = { __name__: 'm', job: 'w' },
): Uint8Array {
  const message = {
    timeseries: [
      {
        labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
        samples: samples.map(([value, timestamp]) => ({ value, timestamp })),
      },
    ],
  };
  return Write.encode(Write.create(message)).finish();
}

async function serve() {
  const prometheus = await startTestServer({}, ['--web.enable-remote-write-receiver']);
  const post = async (bytes: Uint8Array, headers: Record<string, string> = {}) => {
    const response = await fetch(`${prometheus.server.url}/api/v1/write`, {
      method: 'POST',
      body: new Uint8Array(bytes),
      headers: { 'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'snappy', ...headers },
    });
    return { status: response.status, text: await response.text() };
  };
  return { prometheus, post };
}

test('samples that are written can be asked for, and a staleness marker ends their series', async () => {
  const { prometheus, post } = await serve();
  await using _server = prometheus;
  expect(
    (
      await post(
        compress(
          body([
            [1.5, start],
            [2.5, start + 1000],
          ]),
        ),
      )
    ).status,
  ).toBe(204);
  const { body: answer } = await prometheus.get('query', { query: 'm[2m]' });
  expect(answer.data.result).toEqual([
    {
      metric: { __name__: 'm', job: 'w' },
      values: [
        [start / 1000, '1.5'],
        [(start + 1000) / 1000, '2.5'],
      ],
    },
  ]);
  // The marker's bits are put into the message itself: a NaN of JavaScript would not have them.
  const bytes = Buffer.from(body([[123.25, start + 2000]]));
  const value = Buffer.alloc(8);
  value.writeDoubleLE(123.25);
  const at = bytes.indexOf(value);
  bytes.writeUInt32LE(2, at);
  bytes.writeUInt32LE(0x7ff00000, at + 4);
  expect((await post(compress(bytes))).status).toBe(204);
  expect(await prometheus.query('m')).toEqual([]);
});

test('what cannot be taken is refused in the words of the real server', async () => {
  const { prometheus, post } = await serve();
  await using _server = prometheus;
  expect(await post(new Uint8Array())).toEqual({ status: 400, text: 'snappy: corrupt input\n' });
  expect(await post(Buffer.from('zzz'))).toEqual({ status: 400, text: 'snappy: corrupt input\n' });
  // A header that promises four gigabytes must not be believed.
  expect(await post(Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00]))).toEqual({
    status: 400,
    text: 'snappy: corrupt input\n',
  });
  expect((await post(compress(Buffer.from('no protobuf')))).status).toBe(400);
  expect((await post(compress(body([[1, start]], { job: 'w' })))).status).toBe(400);
  expect((await post(body([[1, start]]), { 'Content-Type': 'application/json' })).status).toBe(415);
  await post(compress(body([[1, start]])));
  expect(await post(compress(body([[2, start - 1000]])))).toEqual({
    status: 400,
    text: 'out of order sample\n',
  });
  expect(await post(compress(body([[2, start]])))).toEqual({
    status: 400,
    text: 'duplicate sample for timestamp\n',
  });
  // One wrong clock would age everything else.
  expect(await post(compress(body([[2, Date.now() + 700_000]])))).toEqual({
    status: 400,
    text: 'out of bounds\n',
  });
});
