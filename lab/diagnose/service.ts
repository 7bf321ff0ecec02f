import { legible } from '../ui/legible.ts';
import { diagnoseCommand, type Finding, logsCommand, type Section } from './finding.ts';
import { describeGauges } from './gauges.ts';
import { orUnknown, unknown } from './measured.ts';
import { stateText } from './overview.ts';
import { describeReach } from './reach-text.ts';
import { type ErrorLine, lastLinesMinutes, type ServiceReadings } from './read-service.ts';
import { bytes, timeOfDay } from './units.ts';

/** One component that answers HTTP: its process, its figures, its last errors. */
export function describeService(readings: ServiceReadings, windowSeconds: number): Section[] {
  const { component, errorLines } = readings;
  return [
    { title: `${component.title}, from this machine`, findings: describeProcess(readings) },
    {
      title: `What Prometheus scraped of it (rates over ${windowSeconds} s)`,
      findings: [...describeTarget(readings), ...describeGauges(readings)],
    },
    ...(errorLines === undefined
      ? []
      : [
          {
            title: `Its last error lines in Loki (${lastLinesMinutes} min)`,
            findings: orUnknown(
              'logs',
              errorLines,
              (lines) => describeLines(lines, readings),
              diagnoseCommand('loki'),
            ),
          },
        ]),
  ];
}

function describeProcess({ component: { id }, status, reach }: ServiceReadings): Finding[] {
  const well = status?.state === 'running' && status.ready;
  const memory = status?.residentBytes;
  return [
    status === undefined
      ? unknown('process', 'the runtime does not say')
      : {
          subject: 'process',
          verdict: well ? 'ok' : 'wrong',
          text: `${stateText(status)}${memory === undefined ? '' : `, ${bytes(memory)} of memory`}`,
          ...(well ? {} : { next: logsCommand(id) }),
          facts: { state: status.state, ready: status.ready, residentBytes: memory ?? null },
        },
    describeReach('answers', reach, logsCommand(id)),
  ];
}

function describeTarget({ component: { id }, target }: ServiceReadings): readonly Finding[] {
  return orUnknown(
    'scrape',
    target,
    (found) =>
      found === undefined
        ? [unknown('scrape', 'Prometheus has no such target')]
        : [
            {
              subject: 'scrape',
              verdict: found.health === 'up' ? 'ok' : found.health === 'down' ? 'wrong' : 'unknown',
              text: found.health === 'up' ? 'up' : legible(`${found.health}: ${found.lastError}`),
              ...(found.health === 'up' ? {} : { next: logsCommand(id) }),
              facts: { health: found.health },
            },
          ],
    diagnoseCommand('prometheus'),
  );
}

function describeLines(lines: readonly ErrorLine[], { jaegerUrl }: ServiceReadings): Finding[] {
  if (lines.length === 0) return [{ subject: 'logs', verdict: 'ok', text: 'none' }];
  return lines.map(({ timestampMs, message, traceId }) => ({
    subject: timeOfDay(timestampMs),
    verdict: 'notable',
    text: `${legible(message.replace(/\s+/g, ' '))}${traceId === undefined ? ' (no trace ID)' : `; trace ${legible(traceId)}`}`,
    next: traceId === undefined ? undefined : `${jaegerUrl}/trace/${encodeURIComponent(traceId)}`,
    facts: { at: new Date(timestampMs).toISOString(), message, traceId: traceId ?? null },
  }));
}
