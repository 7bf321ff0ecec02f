import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { TrafficUser } from './users.ts';

const file = 'traffic-users.json';
const users = z.array(z.object({ token: z.string(), noteIds: z.array(z.string()).min(1) })).min(1);

/** Keeps the users of the load in the lab's folder, readable by its owner alone: their tokens are secrets. */
export function rememberUsers(folder: string, known: readonly TrafficUser[]): void {
  writeFileSync(join(folder, file), JSON.stringify(known), { mode: 0o600 });
}

/** The users of the last load, or undefined when there was none. */
export function knownUsers(folder: string): readonly TrafficUser[] | undefined {
  try {
    return users.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
  } catch {
    return undefined;
  }
}
