import { once } from 'node:events';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startTestServer } from './test-server.ts';

it('sends what there is, then what comes in, through the pipeline', async () => {
  await using loki = await startTestServer();
  await loki.pushLines({ app: 'live' }, ['{"n":1}', '{"n":2}']);
  const query = encodeURIComponent('{app="live"} | json | n != 3');
  const socket = new WebSocket(`${loki.server.url.replace('http', 'ws')}/loki/api/v1/tail?query=${query}`);
  const frames: string[] = [];
  socket.on('message', (data) => frames.push(String(data)));
  await once(socket, 'message');
  expect((JSON.parse(frames[0]!) as { streams: unknown[] }).streams).toHaveLength(2);
  loki.clock.nowMs += 1000;
  await loki.pushLines({ app: 'live' }, ['{"n":3}']);
  loki.clock.nowMs += 1000;
  await loki.pushLines({ app: 'live' }, ['{"n":4}']);
  await once(socket, 'message');
  expect(JSON.parse(frames[1]!)).toEqual({
    streams: [
      {
        stream: { app: 'live', detected_level: 'unknown', n: '4', service_name: 'live' },
        values: [[`${loki.clock.nowMs}000000`, '{"n":4}']],
      },
    ],
  });
  socket.terminate();
});

it('refuses a query that does not parse before it upgrades', async () => {
  await using loki = await startTestServer();
  const socket = new WebSocket(`${loki.server.url.replace('http', 'ws')}/loki/api/v1/tail?query=%7Bapp%3D`);
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toContain('400');
});

it("is not opened by another site's page, which a browser would let read it", async () => {
  await using loki = await startTestServer();
  const socket = new WebSocket(
    `${loki.server.url.replace('http', 'ws')}/loki/api/v1/tail?query=%7Bapp%3D%22live%22%7D`,
    { origin: 'https://evil.example' },
  );
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toContain('403');
});
