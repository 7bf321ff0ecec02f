import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LabCli } from '../../exercise/testing/lab-cli.ts';
import { dockerMissing } from './test-engine.ts';

const missing = await dockerMissing();
if (missing !== undefined) process.stderr.write(`Docker tests are skipped: ${missing}\n`);

/** Where the engine of this run listens, as DOCKER_HOST or the platform says. */
const { socketPath } = new Docker().modem as { socketPath?: string | (() => Promise<string>) };
const engineSocket =
  (typeof socketPath === 'function' ? await socketPath() : socketPath) ?? '/var/run/docker.sock';

/** A way to the engine that can be cut: what the lab sees when the daemon goes away and comes back. */
class Wire {
  readonly path: string;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  constructor(path: string) {
    this.path = path;
  }

  async join(): Promise<void> {
    const server = createServer((client) => {
      const engine = connect(engineSocket);
      for (const socket of [client, engine]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#sockets.delete(socket);
          client.destroy();
          engine.destroy();
        });
      }
      client.pipe(engine).pipe(client);
    });
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
    this.#server = server;
  }

  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  }
}

describe.skipIf(missing !== undefined)('an engine that goes away', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-wire-'));
  const wire = new Wire(join(folder, 'docker.sock'));
  const cli = new LabCli('gone', { LAB_RUNTIME: 'docker', DOCKER_HOST: `unix://${wire.path}` });

  beforeAll(async () => {
    await wire.join();
    expect((await cli.run('up')).code).toBe(0);
  });
  afterAll(async () => {
    await cli.remove();
    await wire.cut();
    rmSync(folder, { recursive: true, force: true });
  });

  test('is one clear line with exit 2, and once it is back everything heals', async () => {
    expect(await cli.run('break', 'pause', '--target', 'api-2')).toMatchObject({ code: 0 });
    await wire.cut();
    for (const command of [['status'], ['heal'], ['break', 'kill', '--target', 'api-3']]) {
      const { code, stderr } = await cli.run(...command);
      expect(stderr).toMatch(
        /^LAB_RUNTIME_UNAVAILABLE: The docker runtime cannot be used: .*does not answer/m,
      );
      expect(stderr).not.toMatch(/\n {4}at /);
      expect(code).toBe(2);
    }
    await wire.join();
    expect(await cli.run('heal')).toMatchObject({ code: 0, stderr: expect.stringContaining('api-2 hangs') });
    const { components } = JSON.parse((await cli.run('status', '--json')).stdout) as {
      components: { id: string; ready: boolean }[];
    };
    expect(components.filter(({ ready }) => !ready)).toEqual([]);
  });

  test('in the middle of an exercise: the run ends with an error, and what it broke is reverted afterwards', async () => {
    const { ended, line } = cli.start(['ci', '01-high-latency', '--report', cli.directory]);
    await line(/^ {2}observe: /m);
    await wire.cut();
    const { code } = await ended;
    // The decoy that restarts a replica needs the engine: the run cannot have passed.
    expect(code).not.toBe(0);
    await wire.join();
    expect((await cli.run('heal')).code).toBe(0);
    expect(await cli.activeFaults()).toEqual([]);
  });
});
