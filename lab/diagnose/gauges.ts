import { diagnoseCommand, type Finding } from './finding.ts';
import { limits } from './limits.ts';
import { type Measured, unknown } from './measured.ts';
import type { GaugeName, ServiceReadings } from './read-service.ts';
import { bytes, duration, percent } from './units.ts';

interface Row {
  readonly subject: string;
  /** The first decides whether there is a line at all; all are needed for its text. */
  readonly needs: readonly [GaugeName, ...GaugeName[]];
  readonly text: (...values: number[]) => string;
  readonly wrong?: (...values: number[]) => boolean;
  readonly notable?: (...values: number[]) => boolean;
  readonly next?: string;
  /** What it means that a service which is scraped has no such series: it has served nothing yet. */
  readonly absent?: string;
}

/** The figures of one component that Prometheus has, in the order that people ask for them. */
export function describeGauges({
  component,
  gauges,
  target,
  grafanaUrl,
  jaegerUrl,
}: ServiceReadings): Finding[] {
  const scraped = 'value' in target && target.value?.health === 'up';
  const { id, program, role } = component;
  const dashboard = `${grafanaUrl}/d/instance?var-instance=${id}`;
  const heap = program.kind === 'node' ? program.heapMebibytes * 1024 * 1024 : Number.NaN;
  const slowTraces = `${jaegerUrl}/search?service=${role === 'edge' ? 'gateway' : 'api'}&minDuration=${1000 * limits.HighLatency}ms`;
  const rows: Row[] = [
    {
      subject: 'cpu',
      needs: ['cpu'],
      text: (ratio) => `${percent(ratio)} of one processor`,
      wrong: (ratio) => ratio > limits.HighCpuUsage && role !== 'observability',
      next: dashboard,
    },
    {
      subject: 'memory',
      needs: ['residentBytes'],
      text: (resident) => `${bytes(resident)} resident`,
      wrong: (resident) => resident > limits.HighMemoryUsage && role !== 'observability',
      next: dashboard,
    },
    {
      subject: 'heap',
      needs: ['heapUsedBytes'],
      text: (used) => `${bytes(used)} used${Number.isFinite(heap) ? ` of at most ${bytes(heap)}` : ''}`,
      notable: (used) => used > 0.8 * heap,
      next: dashboard,
    },
    {
      subject: 'event loop',
      needs: ['eventLoopLagSeconds'],
      text: (lag) => `${duration(lag)} lag (p99)`,
      wrong: (lag) => lag > limits.EventLoopLag,
      next: dashboard,
    },
    {
      subject: 'connections',
      needs: ['openSockets', 'requestsInProgress'],
      text: (sockets, requests) => `${sockets} open sockets of every kind; requests in progress: ${requests}`,
    },
    {
      subject: 'pool',
      needs: ['poolActive', 'poolMax', 'poolWaiting'],
      text: (active, max, waiting) =>
        `${active} of ${max} database connections in use, ${waiting} callers wait`,
      wrong: (active, max) => active / max > limits.DatabasePoolSaturation,
      notable: (_active, _max, waiting) => waiting > 0,
      next: diagnoseCommand('postgres'),
    },
    {
      subject: 'requests',
      needs: ['requestRate'],
      text: (rate) => `${rate.toFixed(1)} a second`,
      absent: 'none served since it started',
    },
    {
      subject: 'errors',
      needs: ['errorRatio'],
      text: (ratio) =>
        Number.isNaN(ratio) ? 'no requests, so no ratio' : `${percent(ratio)} of the requests`,
      wrong: (ratio) => ratio > limits.HighErrorRate,
      notable: (ratio) => ratio > 0,
      absent: 'no requests, so no ratio',
      next: `${grafanaUrl}/d/service`,
    },
    {
      subject: 'p95',
      needs: ['p95Seconds'],
      text: (p95) => (Number.isNaN(p95) ? 'no requests, so no p95' : duration(p95)),
      absent: 'no requests, so no p95',
      wrong: (p95) => p95 > limits.HighLatency,
      next: slowTraces,
    },
  ];
  return together(
    rows.flatMap((row) => (gauges.has(row.needs[0]) ? [describeRow(row, gauges, scraped)] : [])),
  );
}

/** Figures that are missing for one and the same reason, as of a Prometheus that is away, are one line. */
function together(findings: readonly Finding[]): Finding[] {
  const alike = (text: string): Finding[] =>
    findings.filter((one) => one.verdict === 'unknown' && one.text === text);
  return findings.flatMap((one) => {
    const group = one.verdict === 'unknown' ? alike(one.text) : [one];
    if (group.length < 3) return [one];
    if (group[0] !== one) return [];
    return [unknown('figures', `${one.text} (${group.map(({ subject }) => subject).join(', ')})`)];
  });
}

function describeRow(
  row: Row,
  gauges: ReadonlyMap<GaugeName, Measured<number | undefined>>,
  scraped: boolean,
): Finding {
  const values: number[] = [];
  for (const name of row.needs) {
    const measured = gauges.get(name);
    if (measured !== undefined && 'reason' in measured) {
      return unknown(row.subject, `could not be measured: ${measured.reason}`);
    }
    if (measured?.value === undefined) {
      if (scraped && row.absent !== undefined)
        return { subject: row.subject, verdict: 'ok', text: row.absent };
      return unknown(row.subject, 'Prometheus has no current sample');
    }
    values.push(measured.value);
  }
  const verdict = row.wrong?.(...values) ? 'wrong' : row.notable?.(...values) ? 'notable' : 'ok';
  return {
    subject: row.subject,
    verdict,
    text: row.text(...values),
    next: verdict === 'ok' ? undefined : row.next,
    facts: Object.fromEntries(
      row.needs.map((name, index) => [name, Number.isFinite(values[index]) ? values[index]! : null]),
    ),
  };
}
