import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { faultCatalogue } from '../lab/faults/catalogue.ts';
import { faultSigns } from '../lab/faults/signs.ts';
import { projectRoot } from '../lab/root.ts';
import { alertRules } from './catalogues/alerts.ts';
import { catalogues } from './catalogues/all.ts';

test('every fault has its signs in lab/faults/signs.ts, and nothing else has', () => {
  expect(Object.keys(faultSigns).sort()).toEqual(faultCatalogue.map(({ id }) => id).sort());
});

test('the signs name only alerts that the rules define', () => {
  const known = alertRules(projectRoot).map(({ alert }) => alert);
  const named = Object.values(faultSigns).flatMap(({ alerts }) => alerts);
  expect(named).not.toEqual([]);
  expect(named.filter((alert) => !known.includes(alert))).toEqual([]);
});

test('the catalogues are what "npm run catalogues" writes', async () => {
  const written = await catalogues(projectRoot);
  expect(written.size).toBe(4);
  for (const [path, content] of written) {
    // prom-client has three more metrics of the process on Linux, which is what the page shows.
    if (path === 'stack/METRICS.md' && process.platform !== 'linux') continue;
    expect(readFileSync(join(projectRoot, path), 'utf8'), `${path}: npm run catalogues`).toBe(content);
  }
});
