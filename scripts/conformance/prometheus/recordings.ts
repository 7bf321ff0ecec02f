import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseFlags } from '../../../stack/embedded/prometheus/flags.ts';
import { startPrometheus } from '../../../stack/embedded/prometheus/server.ts';
import { type Outcome, Tally } from '../tally.ts';
import { differenceOfJson, differenceOfShape } from './compare.ts';
import { anyValue, byShape, maybeEmpty, namedByData, skipped } from './exceptions.ts';
import { startLiveTargets } from './live-targets.ts';

interface Recording {
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly rawUrl?: string;
    readonly headers?: Record<string, string>;
    readonly form?: Record<string, string | number>;
    readonly bodyText?: string;
    readonly bodyJson?: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly bodyText?: string;
    readonly bodyJson?: unknown;
  };
}

/** The instant at which the recordings were made; instants near it are moved to now. */
const recordedAt = 1_795_217_342;
/** The recorded queries look back 60 s from the moment of asking. */
const warmUpMs = 64_000;
/** Headers that a client acts on. */
const comparedHeaders = ['content-type', 'location', 'allow', 'vary', 'x-content-type-options'];
const corsHeaders = /^access-control-/i;

/** Rebuilds the recorded set-up, lets it run for a minute and asks every recorded request in order. */
export async function replayRecordings(folder: string, names: readonly string[]): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'conformance-prometheus-'));
  const targets = await startLiveTargets();
  const listening = await startLiveTargets();
  await listening.close();
  const ownPort = listening.shopPort;
  const ports: [recorded: string, here: number][] = [
    ['19090', ownPort],
    ['19100', targets.shopPort],
    ['19093', targets.alertmanagerPort],
    ['19199', targets.closedPort],
  ];
  let config = readFileSync(join(folder, 'prometheus.yml'), 'utf8').replaceAll('/etc/prometheus', directory);
  for (const [recorded, here] of ports) config = config.replaceAll(`:${recorded}`, `:${here}`);
  // Rules come when every target has been scraped: before, a rule may stay within the limit that it was to exceed.
  writeFileSync(join(directory, 'prometheus.yml'), config.replace(/^rule_files:.*$/m, ''));
  writeFileSync(join(directory, 'rules.yml'), readFileSync(join(folder, 'rules.yml')));
  const server = await startPrometheus(
    parseFlags([
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--web.listen-address=127.0.0.1:${ownPort}`,
      '--enable-feature=exemplar-storage',
      '--web.enable-lifecycle',
      '--web.enable-admin-api',
      '--web.enable-remote-write-receiver',
    ]),
  );
  const tally = new Tally();
  try {
    console.log(
      `the rebuilt targets run for ${warmUpMs / 1000} s, as long as the recorded queries look back`,
    );
    await sleep(3000);
    writeFileSync(join(directory, 'prometheus.yml'), config);
    await fetch(`${server.url}/-/reload`, { method: 'POST' });
    await sleep(warmUpMs);
    const shift = Math.floor(Date.now() / 1000) - recordedAt;
    const normalize = (text: string): string => {
      let normal = text
        .replaceAll(directory, '/etc/prometheus')
        .replaceAll(`http://${hostname()}:`, 'http://vm:');
      for (const [recorded, here] of ports) normal = normal.replaceAll(String(here), recorded);
      // The token is a digest of file and group, and of the file's place when it was recorded.
      const token = (file: string): string => createHash('sha1').update(`${file};limits`).digest('hex');
      normal = normal.replaceAll(token(join(directory, 'rules.yml')), token('/root/lab/prom/rules.yml'));
      // Which two of several duplicates are named follows the order in which the targets were first scraped.
      normal = namedDuplicates(normal);
      return normal.replace(/\b1[78]\d{8}(?=[.,\]}])/g, (seconds) => String(Number(seconds) - shift));
    };
    for (const name of names) {
      const id = name.replace(/\.json$/, '');
      const reason = skipped[id];
      if (reason !== undefined) {
        tally.skip(id, reason);
        continue;
      }
      const recording = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Recording;
      const got = await ask(server.url, recording, shift, directory);
      const difference = differenceOf(id, recording, { ...got, body: normalize(got.body) });
      tally.add(id, difference, byShape[id]);
    }
  } finally {
    await server.close();
    await targets.close();
    rmSync(directory, { recursive: true });
  }
  return tally;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

function ask(url: string, { request }: Recording, shift: number, directory: string): Promise<Answer> {
  // The recorded server's files were elsewhere when it was asked than its answers were made to say.
  const move = (text: string): string =>
    text
      .replaceAll('%2Froot%2Flab%2Fprom%2F', encodeURIComponent(`${directory}/`))
      .replace(/\b1795[12]\d{5}\b/g, (seconds) => String(Number(seconds) + shift));
  const form =
    request.form === undefined
      ? undefined
      : new URLSearchParams(
          Object.entries(request.form).map(([name, value]): [string, string] => [name, String(value)]),
        );
  const body =
    form === undefined
      ? (request.bodyText ?? (request.bodyJson === undefined ? '' : JSON.stringify(request.bodyJson)))
      : move(form.toString());
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      url + move(request.rawUrl ?? request.path),
      { method: request.method, headers: { ...request.headers, 'Content-Length': Buffer.byteLength(body) } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function differenceOf(id: string, { response }: Recording, got: Answer): string | undefined {
  if (got.status !== response.status)
    return `status ${got.status}, wanted ${response.status}: ${got.body.slice(0, 200)}`;
  for (const [name, value] of Object.entries(response.headers)) {
    const key = name.toLowerCase();
    if (!comparedHeaders.includes(key) && !corsHeaders.test(key)) continue;
    if (got.headers[key] !== value) return `header ${name} is ${String(got.headers[key])}, wanted ${value}`;
  }
  if (response.bodyJson !== undefined) {
    let body: unknown;
    try {
      body = JSON.parse(got.body);
    } catch {
      return `the body is not JSON: ${got.body.slice(0, 200)}`;
    }
    if (byShape[id] !== undefined) {
      const [wanted, given] = [response.bodyJson, body].map((json) =>
        namedByData.has(id) ? unnamed(json as { data: object }) : json,
      );
      if (maybeEmpty.has(id) && (given as { data?: unknown[] }).data?.length === 0) return undefined;
      return differenceOfShape(wanted, given);
    }
    const relative = anyValue[id] === undefined ? 0.06 : Number.POSITIVE_INFINITY;
    const wanted: unknown = JSON.parse(namedDuplicates(JSON.stringify(response.bodyJson)));
    return differenceOfJson(numbered(wanted), numbered(body), { relative, seconds: 4 });
  }
  if (byShape[id] !== undefined) return undefined;
  // Series of one metric come in the order of their labels, in which the ports play a part.
  const moving = (text: string): string =>
    text
      .replace(/ \d{13}$/gm, ' <time>')
      .split('\n')
      .sort()
      .join('\n');
  return moving(got.body) === moving(response.bodyText ?? '')
    ? undefined
    : `body ${JSON.stringify(got.body.slice(0, 300))}, wanted ${JSON.stringify(response.bodyText?.slice(0, 300))}`;
}

/** Sample values are texts in the API; as numbers they can be compared within a tolerance. */
function numbered(value: unknown): unknown {
  if (Array.isArray(value)) {
    const [time, sample] = value as unknown[];
    if (
      value.length === 2 &&
      typeof time === 'number' &&
      typeof sample === 'string' &&
      /^-?[\d.]+(e[+-]\d+)?$/.test(sample)
    ) {
      return { time, sample: Number(sample) };
    }
    return value.map(numbered);
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, numbered(inner)]));
}

function namedDuplicates(text: string): string {
  return text.replace(/(hand-side of the operation: )\[\{.*?\}\](?=;many-to-many)/g, '$1[two series]');
}

function unnamed(body: { data: object }): object {
  return { ...body, data: Object.values(body.data) };
}
