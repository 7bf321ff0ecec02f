import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Component } from '../../../stack/topology.ts';
import { findOnPath } from '../../process/find-on-path.ts';
import { realPathOf } from '../../process/real-path.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';

/** Every program that this component may have been started as, or prepared by: what an orphan of it would be running. */
export function strayExecutables(root: string, component: Component): string[] {
  if (component.program.kind === 'postgres') {
    try {
      const { initdb, pgCtl, postgres } = findPostgresBinaries(root);
      return [initdb, pgCtl, postgres];
    } catch {
      // Packages are gone; nothing of them can run from there.
      return [];
    }
  }
  const native = component.native && findOnPath(component.native.binaries, process.env.PATH ?? '');
  return [process.execPath, ...(native === undefined ? [] : [native])].map(realPathOf);
}

/**
 * A PostgreSQL that was killed leaves one small System V segment, its interlock against a second server on the same
 * data. The next start would remove it; when there is none, we do. Its ID is in line 7 of postmaster.pid.
 */
export async function removeSharedMemory(dataDirectory: string): Promise<void> {
  let lines: string[];
  try {
    lines = readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    // Ended in order: it took its segment along.
    return;
  }
  const id = lines[6]?.trim().split(/\s+/)[1];
  if (id === undefined || !/^\d+$/.test(id)) return;
  // Fails when it is already gone, and where there is no ipcrm: then 56 bytes stay until the machine restarts.
  await execa('ipcrm', ['-m', id], { reject: false, stdio: 'ignore' });
}
