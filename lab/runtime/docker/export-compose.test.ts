import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeEarlierExport } from './export-compose.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-export-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a folder with files of somebody is refused and left as it was', () => {
  const file = join(folder, 'thesis.txt');
  writeFileSync(file, '');
  expect(() => removeEarlierExport(folder)).toThrow(expect.objectContaining({ code: 'LAB_USAGE' }));
  expect(existsSync(file)).toBe(true);
});

test('a compose project of somebody else is refused, though its entries have the names of ours', () => {
  const file = join(folder, 'compose.yaml');
  writeFileSync(file, 'services: {}\n');
  expect(() => removeEarlierExport(folder)).toThrow(expect.objectContaining({ code: 'LAB_USAGE' }));
  expect(existsSync(file)).toBe(true);
});

test('an empty folder and an earlier export are replaced', () => {
  removeEarlierExport(folder);
  mkdirSync(join(folder, 'config'), { recursive: true });
  writeFileSync(join(folder, 'compose.yaml'), '# Generated from stack/topology.ts by: npm run lab\n');
  removeEarlierExport(folder);
  expect(existsSync(folder)).toBe(false);
});
