import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeFolder } from './make-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'lab-folder-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a folder that a person names', () => {
  it('is made with those above it, and may be there already', () => {
    const path = join(root, 'a', 'b', 'c');
    makeFolder(path);
    makeFolder(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it('is an error below a file', () => {
    writeFileSync(join(root, 'file'), '');
    expect(() => makeFolder(join(root, 'file', 'x'))).toThrow(/ENOTDIR|EEXIST/);
    expect(() => makeFolder(join(root, 'file'))).toThrow('EEXIST');
  });

  it.skipIf(process.platform !== 'linux')('is an error where no folder can be made, and ends', () => {
    expect(() => makeFolder('/proc/nope/x')).toThrow(/ENOENT|EACCES|EPERM/);
    expect(() => makeFolder('/dev/null/x')).toThrow(/ENOTDIR|EEXIST/);
  });
});
