import { legible } from '../ui/legible.ts';
import { type Finding, logsCommand, type Section } from './finding.ts';
import { type Measured, orUnknown } from './measured.ts';
import type { Activity, Connections, DatabaseReadings, Sizes } from './read-database.ts';
import { describeReplication } from './replication.ts';
import { describeLong, describeWaiting, waits } from './sessions.ts';
import { bytes, percent } from './units.ts';

/** Of the connections that ordinary users may take. */
const manyConnections = 0.8;

/** What a database says of itself; `reached` has the one reason when it could not be asked at all. */
export function describeDatabase(id: string, reached: Measured<DatabaseReadings>): Section[] {
  if ('reason' in reached) {
    return [
      {
        title: `${id}: asked from this machine, by its own protocol`,
        findings: [
          {
            subject: id,
            verdict: 'wrong',
            text: `cannot be asked: ${reached.reason}`,
            next: logsCommand(id),
            facts: { answers: false },
          },
        ],
      },
    ];
  }
  const { activity, long, waiting, sizes, connections, replication } = reached.value;
  return [
    { title: 'Locks that wait (pg_locks)', findings: orUnknown('locks', waiting, describeWaiting) },
    {
      title: 'Over 1 s in a statement, or idle in a transaction (pg_stat_activity)',
      findings: orUnknown('long', long, describeLong),
    },
    {
      title: 'Sessions by state and what they wait for (pg_stat_activity)',
      findings: orUnknown('activity', activity, describeActivity),
    },
    { title: 'Connections', findings: orUnknown('connections', connections, describeConnections) },
    {
      title: 'Replication (pg_stat_replication, pg_stat_wal_receiver)',
      findings: orUnknown('replication', replication, (value) => describeReplication(id, value)),
    },
    {
      title: 'Sizes',
      findings: orUnknown(
        'sizes',
        sizes,
        describeSizes,
        'a lock timeout means that a table is locked: see the locks above',
      ),
    },
  ];
}

function describeActivity(groups: readonly Activity[]): Finding[] {
  if (groups.length === 0) return [{ subject: 'sessions', verdict: 'ok', text: 'no client is connected' }];
  return groups.map((one) => ({
    subject: one.state,
    verdict: one.waitsFor?.startsWith('Lock:') === true ? 'wrong' : 'ok',
    text: `${one.count}, ${waits(one)}`,
    facts: { ...one },
  }));
}

function describeConnections({ max, reserved, byApplication }: Connections): Finding[] {
  const used = Object.values(byApplication).reduce((sum, count) => sum + count, 0);
  const share = used / (max - reserved);
  const holders = Object.entries(byApplication).map(([application, count]) => `${application} ${count}`);
  return [
    {
      subject: 'connections',
      verdict: share >= 1 ? 'wrong' : share > manyConnections ? 'notable' : 'ok',
      text: `${used} of ${max} (${reserved} are reserved; ${percent(share)} of the rest): ${legible(holders.join(', '))}`,
      ...(share > manyConnections
        ? { next: 'who holds them: npm run lab -- diagnose api-1, api-2, api-3' }
        : {}),
      facts: { used, max, reserved },
    },
  ];
}

function describeSizes({ databaseBytes, tables }: Sizes): Finding[] {
  return [
    { subject: 'database', verdict: 'ok', text: bytes(databaseBytes), facts: { bytes: databaseBytes } },
    ...tables.map(
      (one): Finding => ({
        subject: one.name,
        verdict: 'ok',
        text: `${bytes(one.bytes)} with indexes, ${one.rows === null ? 'rows not counted yet' : `about ${one.rows} rows`}`,
        facts: { bytes: one.bytes, rows: one.rows },
      }),
    ),
  ];
}
