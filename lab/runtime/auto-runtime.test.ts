import { expect, test } from 'vitest';
import { ImageMissing, PortTaken } from '../errors.ts';
import { AutoRuntime } from './auto-runtime.ts';
import type { RunningLab, Runtime, RuntimeKind } from './runtime.ts';

/** A runtime in name only: `up` gives a lab of that kind, or fails with what it was told. */
function pretendRuntime(kind: RuntimeKind, failure?: Error): Runtime {
  return {
    kind,
    capabilities: new Set(),
    up: async () => {
      if (failure !== undefined) throw failure;
      return { kind } as RunningLab;
    },
    attach: async () => ({ kind }) as RunningLab,
    down: async () => {},
    status: async () => [],
  };
}

test('says why it chose, and stays with Docker where its images are there', async () => {
  const notes: string[] = [];
  const auto = new AutoRuntime(
    pretendRuntime('docker'),
    () => pretendRuntime('embedded'),
    'Runtime docker: it answers.',
    (note) => notes.push(note),
  );
  expect((await auto.up()).kind).toBe('docker');
  expect(notes).toEqual(['Runtime docker: it answers.']);
});

test('an image that cannot be had is no reason to have no lab: everything goes on embedded', async () => {
  const notes: string[] = [];
  const missing = new ImageMissing('prom/prometheus:v3.14.0', 'no such host', 'LAB_IMAGE_PROMETHEUS');
  const auto = new AutoRuntime(
    pretendRuntime('docker', missing),
    () => pretendRuntime('embedded'),
    'Runtime docker: it answers.',
    (note) => notes.push(note),
  );
  expect((await auto.up()).kind).toBe('embedded');
  expect(auto.kind).toBe('embedded');
  expect((await auto.attach())?.kind).toBe('embedded');
  expect(notes[1]).toContain('prom/prometheus:v3.14.0 is not available (no such host)');
});

test('any other failure of Docker is told, not papered over', async () => {
  const auto = new AutoRuntime(
    pretendRuntime('docker', new PortTaken('gateway', 8080, 'Free it.')),
    () => pretendRuntime('embedded'),
    '',
    () => {},
  );
  await expect(auto.up()).rejects.toThrow('Port 8080 of gateway is taken.');
});
