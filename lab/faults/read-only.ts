import { z } from 'zod';
import { askDatabase } from '../runtime/ask-database.ts';
import type { ComponentId, RunningLab } from '../runtime/runtime.ts';
import type { FaultKind } from './fault.ts';
import { isDown, stateOf } from './target-state.ts';

const setting = 'default_transaction_read_only';

/** ALTER SYSTEM writes the server's files; a reload makes it, and the sessions that are open, read them. */
const change = (lab: RunningLab, node: ComponentId, statement: string): Promise<void> =>
  askDatabase(lab, node, 'replicator', async (ask) => {
    await ask(statement);
    await ask('SELECT pg_reload_conf()');
  });

/**
 * A database that refuses writes and answers reads. Managed databases put themselves into this mode before their disk is
 * full. The setting is the server's own and not part of what it replicates: its standby takes writes once it is promoted.
 */
export const readOnly: FaultKind = {
  id: 'read-only',
  summary: 'The database refuses writes and answers reads, as a managed one does when its disk is full.',
  targets: ['postgres-primary', 'postgres-replica'],
  defaultTarget: 'postgres-primary',
  params: z.strictObject({}),
  paramsHelp: 'none',
  endsByItself: false,
  describe: (target) => `${target} refuses writes`,
  inject: ({ lab }, target) => change(lab, target, `ALTER SYSTEM SET ${setting} = on`),
  async revert({ lab }, target) {
    // It stands in the server's files, and only a running server changes them.
    if (isDown(await stateOf(lab, target))) await lab.start(target);
    await change(lab, target, `ALTER SYSTEM RESET ${setting}`);
  },
  isActive: async ({ lab }, target) => {
    if (isDown(await stateOf(lab, target))) return true;
    const sql = `SELECT current_setting('${setting}') AS value`;
    const [row] = await askDatabase(lab, target, 'replicator', (ask) => ask<{ value: string }>(sql));
    return row?.value === 'on';
  },
};
