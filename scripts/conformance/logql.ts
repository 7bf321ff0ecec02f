import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { loadConfig } from '../../stack/embedded/loki/config/config.ts';
import { startLoki } from '../../stack/embedded/loki/server/server.ts';
import { compare, points } from './logql-compare.ts';
import { Tail, type TailRecording } from './logql-tail.ts';
import { type Outcome, Tally } from './tally.ts';

interface Recording {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly rawUrl?: string;
    readonly query?: Pairs;
    readonly headers?: Record<string, string>;
    readonly form?: Pairs;
    readonly bodyJson?: unknown;
    readonly bodyText?: string;
    readonly bodyBase64?: string;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly bodyJson?: unknown;
    readonly bodyText?: string;
  };
}

type Pairs = Record<string, string | number> | readonly (readonly [string, string | number])[];

/** Endpoints that the embedded server does not have: its scope is DESIGN §9. */
const outOfScope: readonly (readonly [RegExp, string])[] = [
  [/^\/(?:loki\/api\/v1|prometheus\/api\/v1|api\/prom)\/(?:rules|alerts)/, 'the ruler is out of scope'],
  [
    /^\/(?:ring|memberlist|distributor\/ring|scheduler\/ring|compactor\/ring|indexgateway\/ring)/,
    'rings of a cluster',
  ],
  [/drilldown-limits/, 'belongs to a Grafana plugin; Loki answers without a tenant here'],
  [/^\/log_level|^\/ingester\/|^\/debug/, 'operations of the real process'],
];

/** Answers that depend on more than the requests: same status, same keys, same types. */
const byShape: readonly (readonly [RegExp, string])[] = [
  [/\/metrics$/, 'counters of the process'],
  [/buildinfo$/, 'version and build'],
  [/\/config$/, "the real one's defaults"],
  [/\/services$/, 'the modules of the real process'],
  [/\/index\/stats$/, 'Loki interpolates it from results that it cached for other ranges'],
  [/\/index\/volume_range$/, 'Loki shares a chunk over the steps by results that it cached'],
];

/** Lists that Loki fills from Go maps: their order is chance. */
const unordered = /\/(?:series|detected_labels|detected_fields|detected_field\/[^/]+\/values)$/;

/** While these were pushed, a client followed the log. */
const pushedDuringTail = /-push-during-tail-/;
const tailName = 'tail-websocket';

/** Replays recordings of the real Loki in their order against a fresh server that lives at the time of the recording. */
export async function run(paths: readonly string[]): Promise<Outcome> {
  const files = paths.flatMap((path) =>
    path.endsWith('.json')
      ? [path]
      : readdirSync(path)
          .filter((name) => /^\d.*\.json$|^tail.*\.json$/.test(name))
          .sort()
          .map((name) => join(path, name)),
  );
  const folder = paths[0]!.endsWith('.json') ? join(paths[0]!, '..') : paths[0]!;
  const config = loadConfig(join(folder, 'config.yaml'));
  let clockMs = Date.now();
  await using server = await startLoki(config, { now: () => clockMs, address: '127.0.0.1:0' });
  const tally = new Tally();
  const tailFile = files.find((file) => labelOf(file) === tailName);
  const tailRecording =
    tailFile === undefined ? undefined : (JSON.parse(readFileSync(tailFile, 'utf8')) as TailRecording);
  let tail: Tail | undefined;
  for (const file of files.filter((each) => each !== tailFile)) {
    const recording = JSON.parse(readFileSync(file, 'utf8')) as Recording;
    const { request } = recording;
    const label = labelOf(file);
    const skip = outOfScope.find(([pattern]) => pattern.test(request.path));
    if (skip !== undefined) {
      tally.skip(label, skip[1]);
      continue;
    }
    clockMs = momentOf(recording);
    const isTailed = tailRecording !== undefined && pushedDuringTail.test(label);
    if (isTailed) tail ??= await Tail.open(tailRecording, server.url);
    const shape = byShape.find(([pattern]) => pattern.test(request.path));
    const { difference, partly } = await replay(recording, server.url, shape !== undefined);
    tally.add(label, difference, shape?.[1] ?? partly);
    if (isTailed && tail !== undefined) await tail.frames(tail.count + 1);
  }
  if (tailRecording !== undefined) {
    tally.add(tailName, tail === undefined ? 'nothing was pushed meanwhile' : tail.close(tailRecording));
  }
  return tally;
}

function labelOf(file: string): string {
  return basename(file, '.json');
}

/** When the recording was made: the Date of its answer; where the answer holds a time without being asked, that. */
function momentOf({ request, response }: Recording): number {
  const header = Date.parse(response.headers.Date ?? '');
  const asked = JSON.stringify(request.query ?? {});
  if (request.path.endsWith('/query') && !asked.includes('"time"')) {
    const found = /"value":\[([\d.]+),/.exec(JSON.stringify(response.bodyJson ?? ''));
    if (found !== null) return Number(found[1]) * 1000;
  }
  return header;
}

interface Comparison {
  readonly difference: string | undefined;
  /** Why not everything was compared. */
  readonly partly?: string;
}

const differs = (difference: string | undefined): Comparison => ({ difference });
const ties =
  'which of several series with the same value is among the k is decided by a Go map; all values are compared';

async function replay(
  { request, response }: Recording,
  base: string,
  shapeOnly: boolean,
): Promise<Comparison> {
  const url =
    request.rawUrl ?? request.path + (request.query === undefined ? '' : `?${encode(request.query)}`);
  let body: string | Buffer | undefined = request.bodyText;
  if (request.bodyJson !== undefined) body = JSON.stringify(request.bodyJson);
  if (request.bodyBase64 !== undefined) body = Buffer.from(request.bodyBase64, 'base64');
  if (request.form !== undefined) body = encode(request.form);
  // Written as the recorder wrote it: the messages of bad bodies quote them.
  if (request.bodyJson !== undefined) body = pythonJson(request.bodyJson);
  const answer = await fetch(base + url, {
    method: request.method,
    headers: request.headers ?? {},
    body: Buffer.isBuffer(body) ? new Uint8Array(body) : body,
  });
  const text = await answer.text();
  if (answer.status !== response.status) {
    return differs(`status ${answer.status} instead of ${response.status}: ${text.slice(0, 300)}`);
  }
  const type = answer.headers.get('content-type');
  const wantedType = response.headers['Content-Type'];
  if (wantedType !== undefined && type !== wantedType && !shapeOnly) {
    return differs(`content type ${type} instead of ${wantedType}`);
  }
  if (response.bodyJson !== undefined) {
    const actual: unknown = JSON.parse(text);
    const options = { shapeOnly, unordered: unordered.test(request.path) };
    const found = compare(response.bodyJson, actual, '$', options);
    if (found === undefined || !/\b(?:topk|bottomk)\b/.test(JSON.stringify(request))) return differs(found);
    const tied = compare(points(response.bodyJson), points(actual), '$ (without regard to ties)', options);
    return { difference: tied, partly: ties };
  }
  if (shapeOnly) return differs(text.length > 0 ? undefined : 'empty body');
  return differs(
    text === (response.bodyText ?? '')
      ? undefined
      : `body ${JSON.stringify(text.slice(0, 400))} instead of ${JSON.stringify(response.bodyText?.slice(0, 400))}`,
  );
}

function encode(pairs: Pairs): string {
  const entries = Array.isArray(pairs)
    ? (pairs as readonly (readonly [string, string | number])[])
    : Object.entries(pairs as Record<string, string | number>);
  return new URLSearchParams(
    entries.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
}

/** JSON with a space after commas and colons, as Python writes it; integers as they stood. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, member]) => `${JSON.stringify(key)}: ${pythonJson(member)}`)
      .join(', ')}}`;
  }
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value).toString();
  return JSON.stringify(value);
}
