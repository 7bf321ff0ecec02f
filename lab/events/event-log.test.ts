import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EventLog } from './event-log.ts';

describe('the event log', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lab-events-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('gives back what was appended, by time and by kind', () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    const log = new EventLog(join(directory, 'new', 'events.ndjson'), () => now);
    expect(log.read()).toEqual([]);
    log.append({ kind: 'inject', actor: 'ci', text: 'api-2 is stopped', details: { target: 'api-2' } });
    now += 1_000;
    log.append({ kind: 'phase', actor: 'ci', text: 'observed', exercise: '02-service-outage', act: 'stop' });
    expect(log.read().map((one) => one.kind)).toEqual(['inject', 'phase']);
    expect(log.read({ sinceMs: now })).toEqual([
      {
        at: '2026-01-01T00:00:01.000Z',
        kind: 'phase',
        actor: 'ci',
        text: 'observed',
        exercise: '02-service-outage',
        act: 'stop',
      },
    ]);
    expect(log.read({ kinds: ['inject'] })).toHaveLength(1);
  });

  it('passes over a line that a crash has cut', () => {
    const log = new EventLog(join(directory, 'cut.ndjson'));
    log.append({ kind: 'heal', actor: 'learner', text: 'all is well' });
    appendFileSync(log.path, '{"at":"2026-01-01T00:00:00Z","kind":"in');
    expect(log.read().map((one) => one.kind)).toEqual(['heal']);
  });
});
