import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { knownUsers, rememberUsers } from './known-users.ts';

it('keeps the users of the load for its owner alone, and reads nothing from a damaged file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'users-'));
  try {
    expect(knownUsers(folder)).toBeUndefined();
    const users = [{ token: 't', noteIds: ['1'] }];
    rememberUsers(folder, users);
    expect(knownUsers(folder)).toEqual(users);
    expect(statSync(join(folder, 'traffic-users.json')).mode & 0o777).toBe(0o600);
    writeFileSync(join(folder, 'traffic-users.json'), '[{}');
    expect(knownUsers(folder)).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
