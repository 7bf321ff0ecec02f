import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../process/identity.ts';
import { Ledger } from './ledger.ts';
import { startLoad } from './load.ts';
import { rotate, spreadMix } from './mix.ts';
import { trafficProfiles } from './profiles.ts';
import { countSeconds, countTenths, percentile, summarise, Tally } from './tally.ts';
import { Traffic } from './traffic.ts';

describe('a mix', () => {
  it('has each kind as often as its weight, and no two of a kind in a row where it can be helped', () => {
    expect(
      spreadMix([
        { name: 'a', weight: 5 },
        { name: 'b', weight: 1 },
        { name: 'c', weight: 1 },
      ]).join(''),
    ).toBe('aabacaa');
    expect(
      spreadMix([
        { name: 'a', weight: 2 },
        { name: 'b', weight: 2 },
      ]).join(''),
    ).toBe('abab');
    expect(rotate(['a', 'b', 'c'], 4)).toEqual(['b', 'c', 'a']);
  });
});

describe('the tally', () => {
  const tally = new Tally(0);
  for (let ms = 1; ms <= 100; ms += 1) tally.answered(ms <= 98 ? 200 : 503, ms, 1_000 + ms * 20);
  tally.failed(2_990);

  it('counts answers, errors and those that never came', () => {
    expect(summarise(tally.snapshot('running', 4_000))).toEqual({
      requests: 101,
      errors: 3,
      p50Ms: 50,
      p95Ms: 95,
      p99Ms: 99,
    });
    expect(tally.snapshot('running', 4_000).statuses).toEqual({ 200: 98, 503: 2, none: 1 });
  });

  it('counts by interval', () => {
    const snapshot = tally.snapshot('running', 4_000);
    expect(countSeconds(snapshot, 1_000, 2_000)).toEqual({ requests: 49, errors: 0 });
    expect(countSeconds(snapshot, 1_000, 4_000)).toEqual({ requests: 101, errors: 3 });
    expect(countTenths(snapshot, 1_100, 1_300)).toEqual({ requests: 10, errors: 0 });
  });

  it('has no percentile of nothing', () => {
    expect(percentile([], 0.95)).toBeUndefined();
    expect(summarise({ requests: 0, errors: 0, latencies: [] })).toMatchObject({ p95Ms: 0 });
  });

  it('forgets old slices', () => {
    const long = new Tally(0);
    for (let second = 0; second < 4_000; second += 1) long.answered(200, 1, second * 1_000);
    const { seconds, tenths } = long.snapshot('running', 0);
    expect(seconds.length).toBeLessThanOrEqual(1_801);
    expect(tenths.length).toBeLessThanOrEqual(151);
  });
});

/** Stands in for the gateway: as much of the Notes API as the load needs, over real HTTP. */
class GatewayDouble {
  readonly arrivals: { method: string; path: string; atMs: number; requestId: string }[] = [];
  status = 200;
  delayMs = 0;
  url = '';
  #server!: Server;

  async listen(): Promise<void> {
    this.#server = createServer((request, response) => {
      request.resume().on('end', () => setTimeout(() => this.#answer(request, response), this.delayMs));
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #answer(
    request: IncomingMessage,
    response: { writeHead(status: number): { end(body: string): void } },
  ): void {
    const path = request.url ?? '';
    if (path.startsWith('/api/v1/auth')) {
      response.writeHead(200).end('{"token":"t"}');
      return;
    }
    if (request.headers['x-request-id'] === undefined) {
      response.writeHead(201).end('{"id":"n"}');
      return;
    }
    this.arrivals.push({
      method: request.method ?? '',
      path,
      atMs: Date.now(),
      requestId: String(request.headers['x-request-id']),
    });
    response.writeHead(this.status).end('{}');
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

let gateway: GatewayDouble;
let directory: string;
beforeEach(async () => {
  gateway = new GatewayDouble();
  await gateway.listen();
  directory = mkdtempSync(join(tmpdir(), 'traffic-'));
});
afterEach(() => {
  gateway.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('the load', () => {
  it('sends at its rate, spread over the second, each request with an ID of its own, and counts what the server counts', async () => {
    const load = startLoad({
      url: gateway.url,
      profile: trafficProfiles.steady,
      request: (name) => ({ method: 'GET', path: `/${name}`, headers: { 'x-request-id': 'load-[<id>]' } }),
      durationSeconds: 60,
    });
    await sleep(3_000);
    await load.stop();
    const { requests, errors } = load.snapshot();
    expect(errors).toBe(0);
    expect(requests).toBe(gateway.arrivals.length);
    expect(requests).toBeGreaterThan(100);
    expect(requests).toBeLessThan(170);
    expect(new Set(gateway.arrivals.map((one) => one.requestId)).size).toBe(gateway.arrivals.length);
    const phases = new Set(gateway.arrivals.map((one) => Math.floor((one.atMs % 1_000) / 100)));
    expect(phases.size).toBeGreaterThanOrEqual(8);
    const kinds = new Set(gateway.arrivals.map((one) => one.path));
    expect(kinds.size).toBe(trafficProfiles.steady.mix.length);
  });

  it('keeps its rate when answers are slow, and counts error answers as errors', async () => {
    gateway.delayMs = 600;
    gateway.status = 500;
    const load = startLoad({
      url: gateway.url,
      profile: trafficProfiles.steady,
      request: (name) => ({ method: 'GET', path: `/${name}`, headers: { 'x-request-id': '[<id>]' } }),
      durationSeconds: 60,
    });
    await sleep(3_500);
    await load.stop();
    const { requests, errors, latencies } = load.snapshot();
    expect(requests).toBeGreaterThan(90);
    expect(errors).toBe(requests);
    expect(percentile(latencies, 0.5)).toBeGreaterThanOrEqual(600);
  });
});

describe('the traffic process', () => {
  // The worker as `lab traffic-worker` runs it, started from the source.
  const command = [
    process.execPath,
    '--import',
    'tsx',
    join(import.meta.dirname, '..', 'main.ts'),
    'traffic-worker',
  ];
  const make = (): Traffic =>
    new Traffic({ directory, address: () => ({ host: '127.0.0.1', port: 0, url: gateway.url }) }, command);

  it('is found and stopped by another command, and leaves its tally', async () => {
    const entry = await make().start({ profile: 'light', durationSeconds: 60, tied: false });
    const another = make();
    expect(another.running()).toEqual(entry);
    // Starting it again finds it running.
    expect(await another.start({ profile: 'light', durationSeconds: 60, tied: false })).toEqual(entry);
    await another.stop();
    expect(isAlive(entry)).toBe(false);
    expect(another.running()).toBeUndefined();
    expect(another.tally()).toMatchObject({ state: 'stopped', errors: 0 });
    const { requests, latencies } = new Ledger(directory).count({ fromMs: 0, toMs: Date.now() + 2_000 });
    expect({ requests, latencies }).toEqual({
      requests: another.tally()!.requests,
      latencies: another.tally()!.latencies,
    });
    await another.stop();
  });

  it('is not waited for, and not taken for another, once a command has stopped or replaced it', async () => {
    const own = make();
    const started = await own.start({ profile: 'light', durationSeconds: 60, tied: false });
    expect(await own.lasts(started, 600)).toBe(true);
    const waiting = own.lasts(started, 60_000);
    const replaced = await make().start({ profile: 'steady', durationSeconds: 60, tied: false });
    expect(await waiting).toBe(false);
    expect([isAlive(started), isAlive(replaced)]).toEqual([false, true]);
    await make().stop();
    expect(await own.lasts(replaced, 60_000)).toBe(false);
    const aborted = AbortSignal.abort();
    const third = await own.start({ profile: 'light', durationSeconds: 60, tied: false });
    await expect(own.lasts(third, 60_000, aborted)).rejects.toThrow();
    await own.stop();
  });

  it('ends by itself when its time is over', async () => {
    const entry = await make().start({ profile: 'light', durationSeconds: 2, tied: false });
    for (let round = 0; isAlive(entry) && round < 100; round += 1) await sleep(100);
    expect(isAlive(entry)).toBe(false);
    expect(make().tally()?.state).toBe('stopped');
  });

  it('ends with the command that it is tied to, also when that is killed', async () => {
    const script = `
      const { Traffic } = await import(${JSON.stringify(join(import.meta.dirname, 'traffic.ts'))});
      const traffic = new Traffic({ directory: ${JSON.stringify(directory)}, address: () => ({ url: ${JSON.stringify(gateway.url)} }) }, ${JSON.stringify(command)});
      const entry = await traffic.start({ profile: 'light', durationSeconds: 60, tied: true });
      process.stdout.write(JSON.stringify(entry));
      setInterval(() => {}, 1000);`;
    const parent: ChildProcess = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      {
        cwd: join(import.meta.dirname, '..', '..'),
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const entry = JSON.parse(
      await new Promise<string>((resolve) => parent.stdout!.once('data', (data) => resolve(String(data)))),
    );
    expect(isAlive(entry)).toBe(true);
    parent.kill('SIGKILL');
    for (let round = 0; isAlive(entry) && round < 100; round += 1) await sleep(100);
    expect(isAlive(entry)).toBe(false);
  });

  it('says why it cannot begin, and leaves nothing', async () => {
    gateway.close();
    await expect(make().start({ profile: 'light', durationSeconds: 60, tied: false })).rejects.toMatchObject({
      code: 'LAB_TRAFFIC_FAILED',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    expect(make().running()).toBeUndefined();
  });

  it('takes no process of a recycled number for its own', async () => {
    writeFileSync(
      join(directory, 'traffic.json'),
      JSON.stringify({ pid: process.pid, startTime: 'another time', profile: 'light', since: '', until: '' }),
    );
    expect(make().running()).toBeUndefined();
    await make().stop();
  });
});
