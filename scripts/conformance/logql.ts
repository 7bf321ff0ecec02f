import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { loadConfig } from '../../stack/embedded/loki/config/config.ts';
import { startLoki } from '../../stack/embedded/loki/server/server.ts';
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

/** Members that say how an answer came about, not what it is. */
const incidental = new Set(['stats']);
/** Lists that Loki fills from Go maps: their order is chance. */
const unordered = /\/(?:series|detected_labels|detected_fields|detected_field\/[^/]+\/values)$/;

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
  for (const file of files) {
    const recording = JSON.parse(readFileSync(file, 'utf8')) as Recording;
    const { request } = recording;
    const label = file.split('/').at(-1)!.replace('.json', '');
    if (request.method.includes('websocket')) {
      tally.add(label, await replayTail(recording, server.url, (ms) => (clockMs = ms)));
      continue;
    }
    const skip = outOfScope.find(([pattern]) => pattern.test(request.path));
    if (skip !== undefined) {
      tally.skip(label, skip[1]);
      continue;
    }
    clockMs = momentOf(recording);
    const shape = byShape.find(([pattern]) => pattern.test(request.path));
    tally.add(label, await replay(recording, server.url, shape !== undefined), shape?.[1]);
  }
  return tally;
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

async function replay(
  { request, response }: Recording,
  base: string,
  shapeOnly: boolean,
): Promise<string | undefined> {
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
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
  });
  const text = await answer.text();
  if (answer.status !== response.status) {
    return `status ${answer.status} instead of ${response.status}: ${text.slice(0, 300)}`;
  }
  const type = answer.headers.get('content-type');
  const wantedType = response.headers['Content-Type'];
  if (wantedType !== undefined && type !== wantedType && !shapeOnly) {
    return `content type ${type} instead of ${wantedType}`;
  }
  if (response.bodyJson !== undefined) {
    const actual: unknown = JSON.parse(text);
    const options = { shapeOnly, unordered: unordered.test(request.path) };
    const found = compare(response.bodyJson, actual, '$', options);
    if (found === undefined || !/\b(?:topk|bottomk)\b/.test(JSON.stringify(request))) return found;
    // Which of several series with the same value is among the k is decided by the order of a Go map.
    const tied = compare(points(response.bodyJson), points(actual), '$ (without regard to ties)', options);
    if (tied === undefined) console.log(`ties ${request.path}: ${found}`);
    return tied;
  }
  if (shapeOnly) return text.length > 0 ? undefined : 'empty body';
  return text === (response.bodyText ?? '')
    ? undefined
    : `body ${JSON.stringify(text.slice(0, 400))} instead of ${JSON.stringify(response.bodyText?.slice(0, 400))}`;
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

interface CompareOptions {
  readonly shapeOnly: boolean;
  readonly unordered: boolean;
}

/** The first difference, or undefined. Numbers written as text may differ in their last digit: sums have no order. */
function compare(
  wanted: unknown,
  actual: unknown,
  path: string,
  options: CompareOptions,
): string | undefined {
  const differs = (): string =>
    `${path}: ${JSON.stringify(actual)?.slice(0, 200)} instead of ${JSON.stringify(wanted)?.slice(0, 200)}`;
  if (Array.isArray(wanted)) {
    if (!Array.isArray(actual)) return differs();
    if (options.shapeOnly) {
      return wanted.length > 0 && actual.length > 0
        ? compare(wanted[0], actual[0], `${path}[0]`, options)
        : undefined;
    }
    if (wanted.length !== actual.length)
      return `${path}: ${actual.length} elements instead of ${wanted.length}: ${JSON.stringify(actual).slice(0, 200)}`;
    const [left, right] = options.unordered ? [sorted(wanted), sorted(actual)] : [wanted, actual];
    for (let index = 0; index < left.length; index++) {
      const found = compare(left[index], right[index], `${path}[${index}]`, options);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) return differs();
    const keys = Object.keys(wanted).sort();
    if (keys.join() !== Object.keys(actual).sort().join()) {
      return `${path}: members ${Object.keys(actual).sort()} instead of ${keys}`;
    }
    for (const key of keys) {
      const inner = incidental.has(key) ? { ...options, shapeOnly: true } : options;
      const found = compare(
        (wanted as Record<string, unknown>)[key],
        (actual as Record<string, unknown>)[key],
        `${path}.${key}`,
        inner,
      );
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (options.shapeOnly) return typeof wanted === typeof actual ? undefined : differs();
  if (wanted === actual) return undefined;
  if (typeof wanted === 'string' && typeof actual === 'string' && /^-?\d+\.\d{8,}$/.test(wanted)) {
    const [left, right] = [Number(wanted), Number(actual)];
    if (Math.abs(left - right) <= 1e-12 * Math.abs(left)) return undefined;
  }
  return differs();
}

/** All times and values of a metric answer, whichever series they belong to. */
function points(answer: unknown): unknown[] {
  const { result } = (answer as { data: { result: { value?: unknown; values?: unknown[] }[] } }).data;
  return sorted(result.flatMap(({ value, values }) => values ?? [value]));
}

function sorted(values: readonly unknown[]): unknown[] {
  return [...values].sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}

interface TailRecording {
  readonly response: { readonly frames: readonly { readonly opcode: number; readonly text: string }[] };
}

/**
 * Follows the log as the recording did. The lines that were pushed meanwhile are stored by now; so what must come is
 * the union of all frames' entries, as the first frame of a tail that begins at the same moment.
 */
async function replayTail(
  recording: unknown,
  base: string,
  setClock: (ms: number) => void,
): Promise<string | undefined> {
  const { request } = recording as Recording;
  const wanted = (recording as TailRecording).response.frames
    .filter(({ opcode }) => opcode === 1)
    .flatMap(({ text }) => (JSON.parse(text) as { streams: unknown[] }).streams)
    .map((stream) => JSON.stringify(stream));
  const last = /(\d{19})"/.exec(wanted.at(-1) ?? '');
  setClock(Number(last?.[1] ?? 0) / 1e6 + 1000);
  const url = `${base.replace('http', 'ws')}${request.rawUrl ?? request.path}`.replace(
    'limit=10',
    `limit=${wanted.length}`,
  );
  const socket = new WebSocket(url);
  try {
    const text = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no frame within 5 s')), 5000);
      socket.once('message', (data) => {
        clearTimeout(timer);
        resolve(String(data));
      });
      socket.once('error', reject);
    });
    const actual = (JSON.parse(text) as { streams: unknown[] }).streams;
    return compare(
      wanted.map((stream) => JSON.parse(stream) as unknown),
      actual,
      '$.streams',
      { shapeOnly: false, unordered: false },
    );
  } catch (error) {
    return (error as Error).message;
  } finally {
    socket.terminate();
  }
}
