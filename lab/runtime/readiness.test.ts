import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { joined, probeHttp, probePostgres, timed } from './readiness.ts';

/** A server that answers after a while, or never. */
async function answering(afterMs: number | undefined, status = 200) {
  const server = createServer((_, response) => {
    if (afterMs === undefined) return;
    void sleep(afterMs).then(() => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/ready`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

it('is ready when it answers with success, and not otherwise', async () => {
  await using well = await answering(0);
  await using unwell = await answering(0, 503);
  expect(await timed(() => probeHttp(well.url))).toEqual({ ready: true });
  expect(await probeHttp(unwell.url)).toBe(false);
});

it('what answers slowly is ready, and called slow', async () => {
  await using slow = await answering(1_200);
  const answer = await timed(() => probeHttp(slow.url));
  expect(answer.ready).toBe(true);
  expect(answer.slow).toMatch(/^slow: 1\.\d s to answer$/);
});

it('what never answers is not ready, over HTTP and over the protocol of PostgreSQL', async () => {
  await using silent = await answering(undefined);
  expect(await Promise.all([probeHttp(silent.url), probePostgres('127.0.0.1', silent.port)])).toEqual([
    false,
    false,
  ]);
});

it('lets go of an answer whose body never ends', async () => {
  let isOpen = true;
  const server = createServer((request, response) => {
    request.socket.once('close', () => {
      isOpen = false;
    });
    response.writeHead(200).write('and so on');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    expect(await probeHttp(`http://127.0.0.1:${port}/ready`)).toBe(true);
    await expect.poll(() => isOpen, { timeout: 10_000 }).toBe(false);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

it('joins what is known', () => {
  expect(joined('primary', 'slow: 1.2 s to answer')).toBe('primary; slow: 1.2 s to answer');
  expect(joined(undefined, 'slow')).toBe('slow');
  expect(joined(undefined, undefined)).toBeUndefined();
});
