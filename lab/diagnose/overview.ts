import { replicas } from '../deploy/deploy.ts';
import type { ComponentStatus } from '../runtime/runtime.ts';
import { describeAlerts } from './alerts.ts';
import { diagnoseCommand, type Finding, type Section, worstFirst } from './finding.ts';
import { limits } from './limits.ts';
import { orUnknown, unknown } from './measured.ts';
import { errorLinesMinutes, type OverviewReadings, type ReplicaRates } from './read-overview.ts';
import { isUsed, type Upstream, whyUnused } from './read-upstreams.ts';
import { describeReplication } from './replication.ts';
import { duration, percent, timeOfDay } from './units.ts';

/** The whole lab in one list, the worst first. */
export function describeOverview(readings: OverviewReadings): Section[] {
  const { upstreams, errorLines, replication, primary } = readings;
  const findings = [
    ...describeComponents(readings),
    ...describeAlerts(readings),
    ...orUnknown('gateway', upstreams, describeUpstreams, diagnoseCommand('network')),
    ...orUnknown('api', readings.replicas, describeReplicas),
    ...orUnknown('logs', errorLines, describeErrorLines, diagnoseCommand('loki')),
    ...orUnknown(
      'replication',
      replication,
      (value) => describeReplication(primary, value),
      diagnoseCommand('postgres'),
    ),
  ];
  return [{ title: 'The worst first', findings: worstFirst(findings) }];
}

function describeComponents({ components, lastAnsweredMs, nowMs, primary }: OverviewReadings): Finding[] {
  // What does not run is rather the cause than what runs and is not ready.
  const troubled = components
    .filter(({ state, ready }) => state !== 'running' || !ready)
    .toSorted((a, b) => Number(a.state === 'running') - Number(b.state === 'running'));
  if (troubled.length === 0) {
    const text = `all ${components.length} run and are ready`;
    return [{ subject: 'components', verdict: 'ok', text, facts: { ready: components.length } }];
  }
  const seen = 'value' in lastAnsweredMs ? lastAnsweredMs.value : undefined;
  return troubled.map((one) => {
    const last = seen?.get(one.id);
    // One that answers now is not ready in another way; when that began the record does not tell.
    const sinceMs = last !== undefined && nowMs - last > 3_000 ? last : undefined;
    return {
      subject: one.id,
      verdict: 'wrong',
      text: `${stateText(one)}${sinceMs === undefined ? '' : `; ${one.id === primary ? 'a replica last reached it' : 'Prometheus last scraped it'} at ${timeOfDay(sinceMs)}, ${duration((nowMs - sinceMs) / 1000)} ago`}`,
      next: diagnoseCommand(one.id),
      facts: {
        state: one.state,
        ready: one.ready,
        lastAnsweredAt: sinceMs === undefined ? null : new Date(sinceMs).toISOString(),
      },
    };
  });
}

/** `paused`, `running since 16:40:01, not ready`. */
export function stateText({ state, ready, startedAt }: ComponentStatus): string {
  const since = startedAt === undefined ? '' : `, started at ${timeOfDay(Date.parse(startedAt))}`;
  const readiness = state === 'running' || state === 'starting' ? (ready ? ' and ready' : ', not ready') : '';
  return `${state}${readiness}${since}`;
}

function describeUpstreams(upstreams: readonly Upstream[]): Finding[] {
  if (upstreams.length === 0) {
    return [
      unknown(
        'gateway',
        'which replicas it uses: Prometheus has no current sample',
        diagnoseCommand('gateway'),
      ),
    ];
  }
  const unused = upstreams.filter((one) => !isUsed(one));
  if (unused.length === 0) {
    return [{ subject: 'gateway', verdict: 'ok', text: `uses ${upstreams.map(({ id }) => id).join(', ')}` }];
  }
  return unused.map((one) => ({
    subject: 'gateway',
    verdict: 'wrong',
    text: `does not use ${one.id}: ${whyUnused(one)}`,
    next: diagnoseCommand(one.id),
    facts: { upstream: one.id, healthy: one.healthy, circuit: one.circuit },
  }));
}

function describeReplicas(rates: readonly ReplicaRates[]): Finding[] {
  const scraped = rates.filter((one) => one.scraped).map(({ instance }) => instance);
  if (scraped.length === 0 || rates.some(({ rate }) => rate > 0)) {
    return replicas.map((id) => describeReplica(id, rates));
  }
  return [
    {
      subject: 'api',
      verdict: 'notable',
      text: 'no replica serves requests now, so there is no error ratio and no p95',
      next: 'is nobody there, or does nobody get through? npm run lab -- diagnose gateway',
    },
    ...replicas.filter((id) => !scraped.includes(id)).map((id) => describeReplica(id, rates)),
  ];
}

function describeReplica(id: string, rates: readonly ReplicaRates[]): Finding {
  const found = rates.find(({ instance }) => instance === id);
  const next = diagnoseCommand(id);
  if (found?.scraped !== true) {
    const why = found === undefined ? 'has no such target' : 'does not get its metrics now';
    return unknown(id, `error ratio and p95 are not known: Prometheus ${why}`, next);
  }
  const { rate, errorRatio, p95Seconds } = found;
  const facts = {
    requestsPerSecond: rate,
    errorRatio: Number.isFinite(errorRatio) ? errorRatio : null,
    p95Seconds: Number.isFinite(p95Seconds) ? p95Seconds : null,
  };
  if (!(rate > 0))
    return { subject: id, verdict: 'notable', text: 'serves no requests now, while others do', next, facts };
  const wrong = errorRatio > limits.HighErrorRate || p95Seconds > limits.HighLatency;
  return {
    subject: id,
    verdict: wrong ? 'wrong' : errorRatio > 0 ? 'notable' : 'ok',
    text: `${rate.toFixed(1)} requests/s, errors ${percent(errorRatio)}, p95 ${Number.isFinite(p95Seconds) ? duration(p95Seconds) : 'not known'}`,
    ...(wrong || errorRatio > 0 ? { next } : {}),
    facts,
  };
}

function describeErrorLines(
  lines: readonly { service: string; instance: string; count: number }[],
): Finding[] {
  const some = lines.filter(({ count }) => count > 0);
  const window = `in the last ${errorLinesMinutes} min`;
  if (some.length === 0) return [{ subject: 'logs', verdict: 'ok', text: `no error line ${window}` }];
  return [...new Set(some.map(({ service }) => service))].map((service) => {
    const own = some.filter((one) => one.service === service).toSorted((a, b) => b.count - a.count);
    const total = own.reduce((sum, { count }) => sum + count, 0);
    return {
      subject: `logs of ${service}`,
      verdict: 'notable',
      text: `${total} error lines ${window} (${own.map(({ instance, count }) => `${instance} ${count}`).join(', ')})`,
      next: diagnoseCommand(own[0]?.instance ?? service),
      facts: { service, lines: total, windowMinutes: errorLinesMinutes },
    };
  });
}
