// What sampling keeps, and what it loses.
import type { Check, ExerciseContext, Invariant } from '../../lab/exercise/model/model.ts';
import { threeTurns } from '../kit/windows.ts';
import {
  failed,
  headRatio,
  keptTraces,
  loggedRequests,
  missingTraces,
  settledMs,
  settledStretch,
  slow,
} from './telemetry.ts';

/** Enough requests for a share: 8 seconds at a hundred a second. */
const stretchMs = 8_000;
const enough = 500;

/** What was there before a change took effect says nothing about it. */
const sinceChange = ({ timeline }: ExerciseContext): number =>
  (timeline.repairedAtMs ?? timeline.brokenAtMs ?? timeline.startedAtMs) + 3_000;

export const keptShare = (id: string, claim: string, expect: Check['expect'], next: string): Check => ({
  id,
  claim,
  pillar: 'traces',
  query: `traces of the gateway in Jaeger, of all requests of the client, over ${stretchMs / 1000} s`,
  async measure(context) {
    const stretch = settledStretch(context, stretchMs, sinceChange(context));
    if (stretch.toMs - stretch.fromMs < stretchMs)
      return { value: undefined, note: 'not enough time has passed' };
    const { requests } = context.ledger.count(stretch);
    if (requests < enough) return { value: undefined, note: `only ${requests} requests` };
    const kept = (await keptTraces(context, stretch)).size;
    return { value: (100 * kept) / requests, note: `${kept} of ${requests}` };
  },
  expect,
  withinSeconds: (pace) => threeTurns(pace),
  link: ({ observe: { jaeger } }) => jaeger.link({ service: 'gateway' }),
  next,
});

export const fewKept = keptShare(
  'few-kept',
  'at most 2.5 of 100 requests have a trace',
  { atMost: 2.5, unit: '%' },
  'ask the gateway for its ratio; what is decided at the root holds for the whole trace',
);

export const allKept = keptShare(
  'all-kept',
  'nearly every request has a trace again',
  { atLeast: 90, unit: '%' },
  'ask the gateway for its ratio: a replica follows what the gateway decided',
);

export const deadEnds: Check = {
  id: 'dead-ends',
  claim: 'of the newest log lines nine in ten carry a trace ID that leads nowhere',
  pillar: 'logs',
  query: '{service="gateway"} |= "request completed" | json, each trace_id asked of Jaeger',
  async measure(context) {
    const stretch = settledStretch(context, 4_000, sinceChange(context));
    const requests = await loggedRequests(context, stretch, '', 30);
    if (requests.length < 20) return { value: undefined, note: `only ${requests.length} lines` };
    const { missing } = await missingTraces(context, requests);
    return { value: (100 * missing) / requests.length, note: `${missing} of ${requests.length}` };
  },
  expect: { atLeast: 85, unit: '%' },
  withinSeconds: threeTurns,
  link: ({ observe: { grafana } }) =>
    grafana.exploreLink('loki', '{service="gateway"} |= "request completed" | json'),
  next: 'take the trace_id of a line and open it in Jaeger',
};

/** A policy at the tail drops what the services were told would be kept: their lines promise a trace. */
export const brokenPromises: Check = {
  id: 'broken-promises',
  claim: 'the lines say trace_sampled is true, and their trace IDs lead nowhere',
  pillar: 'logs',
  query:
    '{service="gateway"} |= "request completed" | json | trace_sampled="true", each trace_id asked of Jaeger',
  async measure(context) {
    const stretch = settledStretch(context, 4_000, sinceChange(context));
    const requests = await loggedRequests(context, stretch, '', 30);
    if (requests.length < 20) return { value: undefined, note: `only ${requests.length} lines` };
    const { missing } = await missingTraces(
      context,
      requests.filter(({ sampled }) => sampled),
    );
    return { value: (100 * missing) / requests.length, note: `${missing} of ${requests.length}` };
  },
  expect: { atLeast: 85, unit: '%' },
  withinSeconds: threeTurns,
  link: ({ observe: { grafana } }) =>
    grafana.exploreLink('loki', '{service="gateway"} |= "request completed" | json | trace_sampled="true"'),
  next: 'take the trace_id of a line and open it in Jaeger',
};

export const linesSayIt: Check = {
  id: 'lines-say-it',
  claim: 'and the lines say so: trace_sampled is false in nine of ten',
  pillar: 'logs',
  query: '{service="gateway"} |= "request completed" | json | trace_sampled="false"',
  async measure(context) {
    const requests = await loggedRequests(
      context,
      settledStretch(context, 4_000, sinceChange(context)),
      '',
      200,
    );
    if (requests.length < 50) return { value: undefined, note: `only ${requests.length} lines` };
    const not = requests.filter(({ sampled }) => !sampled).length;
    return { value: (100 * not) / requests.length, note: `${not} of ${requests.length}` };
  },
  expect: { atLeast: 90, unit: '%' },
  withinSeconds: threeTurns,
  link: ({ observe: { grafana } }) =>
    grafana.exploreLink('loki', '{service="gateway"} |= "request completed" | json | trace_sampled="false"'),
  next: 'read the fields of a line: trace_id, span_id, trace_sampled',
};

/** The service graph is drawn from the traces that were kept. */
export const graphThins: Check = {
  id: 'graph-thins',
  claim: 'the service graph knows of at most 2.5 of 100 calls from the gateway to the API',
  pillar: 'traces',
  query: `GET /api/dependencies over ${stretchMs / 1000} s, of all requests of the client`,
  async measure(context) {
    const stretch = settledStretch(context, stretchMs, sinceChange(context));
    if (stretch.toMs - stretch.fromMs < stretchMs)
      return { value: undefined, note: 'not enough time has passed' };
    const { requests } = context.ledger.count(stretch);
    if (requests < enough) return { value: undefined, note: `only ${requests} requests` };
    const edges = await context.observe.jaeger.dependencies(
      { startMs: stretch.fromMs, endMs: stretch.toMs },
      { signal: context.signal },
    );
    const calls = edges.find(({ parent, child }) => parent === 'gateway' && child === 'api')?.callCount ?? 0;
    return { value: (100 * calls) / requests, note: `${calls} calls, ${requests} requests` };
  },
  expect: { atMost: 2.5, unit: '%' },
  withinSeconds: threeTurns,
  link: ({ observe: { jaeger } }) => jaeger.link({ service: 'gateway' }),
  next: "open Jaeger's System Architecture: the graph counts kept traces, not requests",
};

/** Deviations of a fair draw that hardly ever happen: 4 is once in 16,000. */
const mostSigmas = 4;

/**
 * The signals agree although only a share of the traces is kept: what is kept, and what the ratio lets expect of the
 * client's requests, differ by chance alone. After the repair everything is expected.
 */
export const countsScale: Invariant = {
  id: 'counts-scale',
  claim: `the traces that are kept are ${100 * headRatio} % of the requests, within ${mostSigmas} standard deviations`,
  pillar: 'traces',
  query: 'traces of the gateway in Jaeger, and the requests of the client times the ratio',
  async measure(context, { fromMs, toMs }) {
    const { repairedAtMs = Number.POSITIVE_INFINITY } = context.timeline;
    const settled = Math.min(toMs, context.clock.now() - settledMs);
    const parts = [
      { ratio: headRatio, fromMs: fromMs + changeMs, toMs: Math.min(settled, repairedAtMs - changeMs) },
      { ratio: 1, fromMs: Math.max(fromMs, repairedAtMs) + changeMs, toMs: settled },
    ]
      // The client counts by the second.
      .map((part) => ({
        ratio: part.ratio,
        fromMs: Math.ceil(part.fromMs / 1000) * 1000,
        toMs: Math.floor(part.toMs / 1000) * 1000,
      }))
      .filter((part) => part.toMs - part.fromMs >= changeMs);
    let expected = 0;
    let variance = 0;
    let kept = 0;
    let all = 0;
    for (const { ratio, ...stretch } of parts) {
      const { requests } = context.ledger.count(stretch);
      all += requests;
      expected += ratio * requests;
      // At its edges a stretch holds a burst of ten more or fewer, and a trace may be lost to a restart.
      variance += requests * ratio * (1 - ratio) + (ratio * (10 + 0.01 * requests)) ** 2;
      kept += (await keptTraces(context, stretch)).size;
    }
    if (all < enough) return { value: undefined, note: `only ${all} requests` };
    return {
      value: Math.abs(kept - expected) / Math.sqrt(variance),
      note: `${kept} kept, ${expected.toFixed(0)} expected of ${all} requests`,
    };
  },
  expect: { atMost: mostSigmas, unit: '' },
  violatedBy: 'keep-half',
  link: ({ observe: { jaeger } }) => jaeger.link({ service: 'gateway' }),
  next: 'more traces than expected: another ratio is in force; fewer: spans are lost on their way',
};
/** What is on its way when the ratio changes. */
const changeMs = 2_000;

type Kind = 'failed' | 'slow';
const lastKnownMs = 12_000;

/** How many of the newest failed or slow requests the log knows and Jaeger has no whole trace of. */
async function lost(
  context: ExerciseContext,
  kind: Kind,
): Promise<{ value: number | undefined; note: string }> {
  const stretch = settledStretch(context, lastKnownMs, sinceChange(context));
  const known = await loggedRequests(context, stretch, kind === 'failed' ? failed : slow, 40);
  const { missing, torn } = await missingTraces(context, known);
  return { value: missing + torn, note: `of ${known.length}; ${missing} missing, ${torn} incomplete` };
}

export const isLost = (kind: Kind, atLeast: number): Check => ({
  id: `${kind}-lost`,
  claim: `${atLeast} ${kind} requests that the log knows have no trace`,
  pillar: 'traces',
  query: `trace_id of {service="gateway"} |= "request completed" | json${kind === 'failed' ? failed : slow}, asked of Jaeger`,
  measure: (context) => lost(context, kind),
  expect: { atLeast, unit: 'traces' },
  withinSeconds: (pace) => 2 * threeTurns(pace),
  link: ({ observe: { grafana } }) =>
    grafana.exploreLink(
      'loki',
      `{service="gateway"} |= "request completed" | json${kind === 'failed' ? failed : slow}`,
    ),
  next: 'take the trace_id of such a line and open it in Jaeger',
});

export const isKept = (kind: Kind): Check => ({
  id: `${kind}-kept`,
  claim: `every ${kind} request that the log knows has a whole trace`,
  pillar: 'traces',
  query: `trace_id of {service="gateway"} |= "request completed" | json${kind === 'failed' ? failed : slow}, asked of Jaeger`,
  async measure(context) {
    const found = await lost(context, kind);
    return found.note.startsWith('of 0;') ? { value: undefined, note: `no ${kind} request yet` } : found;
  },
  expect: { equals: 0, unit: 'traces' },
  withinSeconds: (pace) => 2 * threeTurns(pace),
  link: ({ observe: { jaeger } }) => jaeger.link({ service: 'gateway' }),
  next: `wait ${settledMs / 1000} s, then see which policy should have kept it`,
});
