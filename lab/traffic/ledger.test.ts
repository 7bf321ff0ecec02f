import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Ledger, ledgerFolder } from './ledger.ts';
import { LedgerWriter } from './ledger-writer.ts';

describe('the ledger', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lab-ledger-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const file = (name: string): string => join(directory, ledgerFolder, name);

  it('gives the counts of an interval, over every start of the traffic', () => {
    const first = new LedgerWriter(file('1-1.ndjson'));
    first.answered('read-note', 200, 4.4, 10_100);
    first.answered('read-note', 503, 9, 10_900);
    first.answered('create-note', 201, 12, 11_000, 'n-1');
    first.close();
    const second = new LedgerWriter(file('2-1.ndjson'));
    second.failed('read-note', 12_500);
    second.answered('create-note', 400, 3, 12_600);
    second.answered('create-note', 201, 3, 13_000, 'n-2');
    second.close();

    const ledger = new Ledger(directory);
    expect(ledger.count({ fromMs: 10_000, toMs: 13_000 })).toEqual({
      requests: 5,
      errors: 2,
      statuses: { 200: 1, 201: 1, 400: 1, 503: 1, none: 1 },
      latencies: [
        [3, 1],
        [4, 1],
        [9, 1],
        [12, 1],
      ],
    });
    expect(ledger.count({ fromMs: 10_000, toMs: 14_000 }, ['create-note']).requests).toBe(3);
    expect(ledger.written({ fromMs: 10_000, toMs: 14_000 })).toEqual(['n-1', 'n-2']);
    // A second that is only partly inside does not count.
    expect(ledger.count({ fromMs: 10_001, toMs: 13_999 }).requests).toBe(3);
  });

  it('appends a second when it is over, and not before', () => {
    const writer = new LedgerWriter(file('3-1.ndjson'));
    const ledger = new Ledger(directory);
    const interval = { fromMs: 100_000, toMs: 103_000 };
    writer.answered('read-note', 200, 1, 100_500);
    writer.answered('read-note', 200, 1, 101_500);
    writer.flush(101_900);
    expect(ledger.count(interval).requests).toBe(1);
    writer.flush(102_000);
    expect(ledger.count(interval).requests).toBe(2);
  });

  it('passes over a line that a crash has cut', () => {
    appendFileSync(file('4-1.ndjson'), '{"second":200,"kind":"read-note","statuses":{"200":1},"laten');
    expect(new Ledger(directory).slices({ fromMs: 200_000, toMs: 201_000 })).toEqual([]);
  });
});
