import { replicas } from '../deploy/deploy.ts';
import { legible } from '../ui/legible.ts';
import { diagnoseCommand, type Finding, logsCommand, type Section } from './finding.ts';
import { orUnknown, unknown } from './measured.ts';
import { describeReach } from './reach-text.ts';
import type { NetworkReadings } from './read-network.ts';
import { isUsed, type Upstream, whyUnused } from './read-upstreams.ts';

/** Who reaches whom, and who says so. */
export function describeNetwork(readings: NetworkReadings): Section[] {
  const { windowSeconds, reached, upstreams, databases, targets, logTrouble } = readings;
  return [
    {
      title: fromHere(readings),
      findings: reached.map(({ id, at, reach }) => {
        const { text, ...rest } = describeReach(id, reach, logsCommand(id));
        return { ...rest, text: `${reach.outcome === 'answered' ? 'answers ' : ''}${text} (${at})` };
      }),
    },
    {
      title: `From the gateway to its upstreams, by its own metrics (rates over ${windowSeconds} s)`,
      findings: orUnknown('gateway', upstreams, describeUpstreams, diagnoseCommand('prometheus')),
    },
    {
      title: 'From the API replicas to their database, by their own metrics',
      findings: orUnknown('api', databases, describeDatabases, diagnoseCommand('prometheus')),
    },
    {
      title: 'From Prometheus to its targets, by its own last scrapes',
      findings: orUnknown(
        'prometheus',
        targets,
        (found) =>
          found.map(({ labels, health, lastError }) => ({
            subject: labels.instance ?? '',
            verdict: health === 'up' ? 'ok' : health === 'down' ? 'wrong' : 'unknown',
            text: health === 'up' ? 'up' : legible(`${health}: ${lastError}`),
            ...(health === 'up' ? {} : { next: diagnoseCommand(labels.instance ?? '') }),
          })),
        diagnoseCommand('prometheus'),
      ),
    },
    {
      title: `From the services to Loki, by their own counters (${windowSeconds} s)`,
      findings: orUnknown('logs', logTrouble, describeLogTrouble, diagnoseCommand('loki')),
    },
  ];
}

/** Where "here" is, what cannot be seen from there, and how much of each latency is this command's own. */
function fromHere({ runtime, ownDelayMs }: NetworkReadings): string {
  const where =
    runtime === 'docker'
      ? "From this machine, over the ports that Docker publishes (its proxy may take a connection that the container never gets; the lab's inner network is not measured from here)"
      : 'From this machine, over 127.0.0.1, where the components themselves talk to each other';
  const own =
    ownDelayMs < 20
      ? ''
      : `; this command itself was late by up to ${Math.round(ownDelayMs)} ms, as on a busy machine, and that is part of each latency`;
  return `${where}${own}`;
}

function describeUpstreams(upstreams: readonly Upstream[]): Finding[] {
  if (upstreams.length === 0) {
    return [unknown('gateway', 'Prometheus has no current sample of it', diagnoseCommand('gateway'))];
  }
  const total = upstreams.reduce((sum, one) => sum + rateOf(one), 0);
  return upstreams.map((one) => {
    const rate = rateOf(one);
    const failing = Object.entries(one.rates).filter(([status]) => !/^[1-4]\d\d$/.test(status));
    const failures = failing
      .map(([status, failed]) => `${legible(status)} ${failed.toFixed(2)}/s`)
      .join(', ');
    const share = total > 0 ? ` (${Math.round((100 * rate) / total)} %)` : '';
    return {
      subject: one.id,
      verdict: !isUsed(one) ? 'wrong' : failures === '' ? 'ok' : 'notable',
      text: `${isUsed(one) ? 'used, circuit breaker closed' : `not used: ${whyUnused(one)}`}; ${rate === 0 ? 'no requests now' : `${rate.toFixed(1)} requests/s${share}; ${failures === '' ? 'none fails' : `failures: ${failures}`}`}`,
      ...(isUsed(one) && failures === '' ? {} : { next: diagnoseCommand(one.id) }),
      facts: { healthy: one.healthy, circuit: one.circuit, requestsPerSecond: rate, ...one.rates },
    };
  });
}

const rateOf = ({ rates }: Upstream): number => Object.values(rates).reduce((sum, rate) => sum + rate, 0);

function describeDatabases(databases: ReadonlyMap<string, boolean>): Finding[] {
  return replicas.map((id) => {
    const up = databases.get(id);
    if (up === undefined) return unknown(id, 'Prometheus has no current sample of it', diagnoseCommand(id));
    return {
      subject: id,
      verdict: up ? 'ok' : 'wrong',
      text: up ? 'its database answers' : 'its database does not answer',
      ...(up ? {} : { next: diagnoseCommand('postgres') }),
      facts: { databaseUp: up },
    };
  });
}

function describeLogTrouble(trouble: ReadonlyMap<string, number>): Finding[] {
  if (trouble.size === 0)
    return [{ subject: 'logs', verdict: 'ok', text: 'no line had to be sent again or was lost' }];
  return [...trouble].map(([id, rate]) => ({
    subject: id,
    verdict: 'wrong',
    text: `${rate.toFixed(1)} lines/s are sent again or lost`,
    next: diagnoseCommand('loki'),
    facts: { linesPerSecond: rate },
  }));
}
