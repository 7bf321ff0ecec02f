import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { reachHttp, reachPostgres } from './reach.ts';
import { describeReach } from './reach-text.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

test('any status is an answer, and one that is not ready is told by its status', async () => {
  const port = await listen(createHttpServer((_, response) => response.writeHead(503).end()));
  const reach = await reachHttp(`http://127.0.0.1:${port}/ready`);
  expect(reach).toEqual({ outcome: 'answered', milliseconds: expect.any(Number), status: 503 });
  expect(describeReach('api-1', reach, 'look')).toMatchObject({
    verdict: 'wrong',
    text: expect.stringMatching(/^in .+ ms, with 503: it is there and not ready$/),
    next: 'look',
  });
});

test('refused, hung and broken off are told apart', async () => {
  const port = await listen(createServer());
  const hung = await reachHttp(`http://127.0.0.1:${port}/`, 300);
  expect(hung).toEqual({ outcome: 'no-answer', withinMs: 300, connectMilliseconds: expect.any(Number) });
  expect(describeReach('loki', hung, '').text).toMatch(
    /^timeout: takes the connection in .+ ms and does not answer within 300 ms$/,
  );
  expect(await reachPostgres('127.0.0.1', port, 300)).toMatchObject({ outcome: 'no-answer' });

  const broken = await listen(createServer((socket) => socket.destroy()));
  expect(await reachHttp(`http://127.0.0.1:${broken}/`)).toMatchObject({ outcome: 'failed' });
  expect(await reachPostgres('127.0.0.1', broken)).toMatchObject({ outcome: 'failed' });

  expect(await reachHttp('http://127.0.0.1:1/')).toEqual({ outcome: 'refused' });
  expect(await reachPostgres('127.0.0.1', 1)).toEqual({ outcome: 'refused' });
});
