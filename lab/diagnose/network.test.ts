import { expect, test } from 'vitest';
import { describeNetwork } from './network.ts';
import type { NetworkReadings } from './read-network.ts';

const readings: NetworkReadings = {
  runtime: 'embedded',
  windowSeconds: 15,
  ownDelayMs: 3,
  reached: [
    {
      id: 'gateway',
      at: 'http://127.0.0.1:8080/ready',
      reach: { outcome: 'answered', milliseconds: 4, status: 200 },
    },
    { id: 'api-3', at: 'http://127.0.0.1:8103/ready', reach: { outcome: 'refused' } },
  ],
  upstreams: {
    value: [
      { id: 'api-1', healthy: true, circuit: 'closed', rates: { '200': 9, timeout: 1 } },
      { id: 'api-2', healthy: true, circuit: 'open', rates: { '200': 10 } },
      { id: 'api-3', healthy: true, circuit: 'closed', rates: {} },
    ],
  },
  databases: {
    value: new Map([
      ['api-1', true],
      ['api-2', false],
    ]),
  },
  targets: { reason: 'Prometheus is away' },
  logTrouble: { value: new Map() },
};
const sections = (more: Partial<NetworkReadings> = {}) => describeNetwork({ ...readings, ...more });
const lines = (index: number) =>
  sections()[index]?.findings.map(({ subject, verdict, text }) => [subject, verdict, text]);

test('who answers here, and how long it took', () => {
  expect(lines(0)).toEqual([
    ['gateway', 'ok', 'answers in 4.0 ms with 200 (http://127.0.0.1:8080/ready)'],
    ['api-3', 'wrong', 'refused: nothing listens there (http://127.0.0.1:8103/ready)'],
  ]);
});

test('what the gateway says of its upstreams: their share, and why some requests failed', () => {
  expect(lines(1)).toEqual([
    ['api-1', 'notable', 'used, circuit breaker closed; 10.0 requests/s (50 %); failures: timeout 1.00/s'],
    ['api-2', 'wrong', 'not used: its circuit breaker is open; 10.0 requests/s (50 %); none fails'],
    ['api-3', 'ok', 'used, circuit breaker closed; no requests now'],
  ]);
});

test('a replica that nobody scrapes is not said to reach its database, nor not to', () => {
  expect(lines(2)).toEqual([
    ['api-1', 'ok', 'its database answers'],
    ['api-2', 'wrong', 'its database does not answer'],
    ['api-3', 'unknown', 'Prometheus has no current sample of it'],
  ]);
  expect(lines(3)).toEqual([['prometheus', 'unknown', 'could not be measured: Prometheus is away']]);
});

test('it says where it measured from, and when it was late itself', () => {
  expect(sections()[0]?.title).toBe(
    'From this machine, over 127.0.0.1, where the components themselves talk to each other',
  );
  expect(sections({ ownDelayMs: 75 })[0]?.title).toContain('this command itself was late by up to 75 ms');
  expect(sections({ runtime: 'docker' })[0]?.title).toContain("the lab's inner network is not measured");
});
