import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { choosePortOffset, isPortFree, pinnedOffset, type WantedPort } from './ports.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
/** Listens on a port below those that the system hands out for outgoing connections (from 32768 on Linux). */
async function occupy(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 8_000);
    const pair = [port, port + 1, port + 1000, port + 1001, port + 2000, port + 2001];
    if (!(await Promise.all(pair.map(isPortFree))).every(Boolean)) continue;
    const server = createServer().listen(port, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return port;
  }
}
/** A pair of ports, of which the first is taken. */
async function takenPort(): Promise<WantedPort[]> {
  const port = await occupy();
  return [
    { component: 'api-1', port },
    { component: 'api-2', port: port + 1 },
  ];
}

test('where all ports are free nothing moves', async () => {
  const [wanted] = await takenPort();
  const server = servers.pop()!;
  server.close();
  await once(server, 'close');
  expect(await choosePortOffset([wanted!], { pinned: undefined })).toEqual({ offset: 0, taken: undefined });
});

test('one taken port moves the whole set, and it is said which', async () => {
  const wanted = await takenPort();
  expect(await choosePortOffset(wanted, { pinned: undefined })).toEqual({ offset: 1000, taken: wanted[0] });
});

test('an offset that another lab holds is passed over, though its ports are free now', async () => {
  const wanted = await takenPort();
  const { offset } = await choosePortOffset(wanted, { pinned: undefined, reserved: new Set([1000]) });
  expect(offset).toBeGreaterThan(1000);
});

test('a port that browsers refuse to open is passed over', async () => {
  // 9080 + 1000 = 10080 is on the Fetch standard's list.
  const { offset } = await choosePortOffset([{ component: 'gateway', port: 9080 }], {
    pinned: undefined,
    reserved: new Set([0]),
  });
  expect(offset).not.toBe(1000);
});

test('with a pinned offset a taken port is an error that names it', async () => {
  const wanted = await takenPort();
  await expect(choosePortOffset(wanted, { pinned: 0 })).rejects.toThrow(
    expect.objectContaining({
      code: 'LAB_PORT_TAKEN',
      message: expect.stringContaining(`Port ${wanted[0]!.port} of api-1 is taken`),
    }),
  );
});

test.each(['-1', 'x', '1.5', '60000'])('LAB_PORT_OFFSET=%s is refused with its range', (value) => {
  expect(() => pinnedOffset({ LAB_PORT_OFFSET: value }, [{ component: 'jaeger', port: 16_686 }])).toThrow(
    expect.objectContaining({
      code: 'LAB_PORT_OFFSET_INVALID',
      message: expect.stringContaining('from 0 to 16081'),
    }),
  );
});

test('LAB_PORT_OFFSET unset or empty pins nothing', () => {
  expect(pinnedOffset({}, [])).toBeUndefined();
  expect(pinnedOffset({ LAB_PORT_OFFSET: '' }, [])).toBeUndefined();
  expect(pinnedOffset({ LAB_PORT_OFFSET: '2000' }, [])).toBe(2000);
});

test('a pinned offset may not lead to a port that browsers refuse to open', () => {
  const gateway = [{ component: 'gateway', port: 8080 }];
  expect(() => pinnedOffset({ LAB_PORT_OFFSET: '2000' }, gateway)).toThrow('puts gateway on port 10080');
  expect(pinnedOffset({ LAB_PORT_OFFSET: '2001' }, gateway)).toBe(2001);
});
