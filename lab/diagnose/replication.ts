import { diagnoseCommand, type Finding, logsCommand } from './finding.ts';
import { limits } from './limits.ts';
import type { Replication, Standby } from './read-replication.ts';
import { bytes, duration } from './units.ts';

const standbyId = 'postgres-replica';

/** How replication stands, as the server `id` says. */
export function describeReplication(id: string, replication: Replication): Finding[] {
  if (replication.role === 'standby') return [describeReceiver(id, replication)];
  const { standbys, readOnly } = replication;
  const refusal: Finding[] = readOnly
    ? [
        {
          subject: id,
          verdict: 'wrong',
          text: 'primary; refuses writes (default_transaction_read_only is on), as a managed database does whose disk is full',
          next: 'make room, or fail over: npm run lab -- promote postgres-replica, then npm run lab -- repoint',
          facts: { role: 'primary', readOnly },
        },
      ]
    : [];
  if (standbys.length === 0) {
    const other = id === standbyId ? 'postgres-primary' : standbyId;
    return [
      ...refusal,
      {
        subject: id,
        verdict: 'wrong',
        text: 'primary; no standby is connected: a failover has nowhere to go',
        next: logsCommand(other),
        facts: { role: 'primary', standbys: 0 },
      },
    ];
  }
  const followers = standbys.map(
    (one): Finding => ({
      subject: id,
      verdict: verdictOf(one),
      text: `primary; ${one.name} ${one.state}, ${lag(one)}`,
      ...(verdictOf(one) === 'ok' ? {} : { next: diagnoseCommand(one.name) }),
      facts: {
        role: 'primary',
        standby: one.name,
        state: one.state,
        lagBytes: one.lagBytes,
        lagSeconds: one.lagSeconds,
      },
    }),
  );
  return [...refusal, ...followers];
}

function verdictOf({ state, lagSeconds, lagBytes }: Standby): Finding['verdict'] {
  if (state !== 'streaming') return 'wrong';
  if (lagBytes === null) return 'unknown';
  return lagBytes > 0 && (lagSeconds ?? 0) > limits.ReplicationLagHigh ? 'wrong' : 'ok';
}

function lag({ lagBytes, lagSeconds }: Pick<Standby, 'lagBytes' | 'lagSeconds'>): string {
  if (lagBytes === null) return 'has told no position yet';
  if (lagBytes <= 0) return 'caught up (0 B behind)';
  return `${bytes(lagBytes)} behind, ${lagSeconds === null ? 'for how long it does not say' : duration(lagSeconds)}`;
}

function describeReceiver(id: string, standby: Extract<Replication, { role: 'standby' }>): Finding {
  const { receiving, from, lagBytes, lagSeconds, replayPaused } = standby;
  const late = (lagSeconds ?? 0) > limits.ReplicationLagHigh;
  const wrong = !receiving || replayPaused || late;
  const received =
    lagBytes === 0 ? 'all that it received is replayed' : `${lag(standby)} in replaying what it received`;
  return {
    subject: id,
    verdict: wrong ? 'wrong' : 'ok',
    text: [
      'standby',
      receiving ? `receives from ${from ?? 'a primary that it does not name'}` : 'receives from no primary',
      received,
      ...(replayPaused ? ['replay is paused'] : []),
    ].join('; '),
    next:
      receiving && !wrong
        ? 'what it has not received, the primary knows: npm run lab -- diagnose postgres'
        : logsCommand(id),
    facts: { role: 'standby', receiving, from, lagBytes, lagSeconds, replayPaused },
  };
}
