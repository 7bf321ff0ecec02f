import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { connectEngine, isDiskFull } from './engine.ts';

afterEach(() => vi.unstubAllEnvs());

/** docker-modem reads the variable itself. */
function connect(dockerHost: string) {
  vi.stubEnv('DOCKER_HOST', dockerHost);
  return connectEngine({ DOCKER_HOST: dockerHost });
}

test('a scheme that no engine speaks is named, and never looked up as a host', async () => {
  await expect(connect('bogus://x')).rejects.toThrow(
    expect.objectContaining({
      code: 'LAB_RUNTIME_UNAVAILABLE',
      message: expect.stringContaining(
        'DOCKER_HOST=bogus://x has the unknown scheme "bogus". Use one of unix',
      ),
    }),
  );
});

test('a socket that is not there is no engine, and that is said at once', async () => {
  await expect(connect('unix:///nope.sock')).rejects.toThrow('does not answer (ENOENT)');
});

test('an engine that takes three seconds to answer is one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-engine-'));
  const server = createServer((_, response) => {
    void sleep(3_000).then(() => response.end('{"Version":"29.0"}'));
  });
  try {
    await new Promise<void>((resolve) => server.listen(join(folder, 'engine.sock'), resolve));
    expect((await connect(`unix://${join(folder, 'engine.sock')}`)).version).toBe('29.0');
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a full disk is told from a bad image', () => {
  expect(isDiskFull('write /var/lib/docker/tmp/x: no space left on device')).toBe(true);
  expect(isDiskFull('manifest unknown')).toBe(false);
});
