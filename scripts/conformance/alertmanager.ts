/**
 * Replays what was recorded from a real Alertmanager: requests in order, configuration verdicts, routing cases.
 * Longer than most files: three kinds of recording, and the rules by which two answers count as the same.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../stack/embedded/alertmanager/config/config.ts';
import { ManualClock, settled } from '../../stack/embedded/alertmanager/manual-clock.ts';
import { buildRoute, matchRoutes } from '../../stack/embedded/alertmanager/routing/route.ts';
import { startAlertmanager } from '../../stack/embedded/alertmanager/server.ts';
import { compare, show, toleranceMs } from './alertmanager-compare.ts';
import { type Outcome, Tally } from './tally.ts';

type Json = unknown;
interface Recording {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly query?: Record<string, string> | [string, string][];
    readonly rawUrl?: string;
    readonly headers?: Record<string, string>;
    readonly bodyJson?: Json;
    readonly bodyText?: string;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly bodyJson?: Json;
    readonly bodyText?: string;
  };
}
interface Payload {
  readonly at: number;
  readonly path: string;
  readonly body: Json;
}
interface RecordedAlert {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly startsAt: string;
  readonly generatorURL?: string;
}

/** Answers that depend on the build or the page that a package brings: compared by status, headers and shape. */
const byShape: Readonly<Record<string, string>> = {
  '/': 'the page is our own, the recorded one is that of a package without a web application',
  '/metrics': 'counters and durations; every recorded metric name must be there',
};
const comparedHeaders = [
  'content-type',
  'cache-control',
  'vary',
  'access-control-allow-origin',
  'access-control-allow-methods',
];
const recordedReceiver = '127.0.0.1:19200';
const passed: Outcome = { passed: 1, byShape: [], skipped: [], failures: [] };

export async function run(paths: readonly string[]): Promise<Outcome> {
  const tally = new Tally();
  for (const folder of paths) {
    const outcomes = [...configVerdicts(folder), ...inlineVerdicts(folder), ...routing(folder)];
    if (existsSync(join(folder, 'alertmanager.yml'))) outcomes.push(...(await requests(folder)));
    for (const outcome of outcomes) tally.merge(outcome);
  }
  return tally;
}

const inPart = (name: string, reason: string): Outcome => ({
  passed: 0,
  byShape: [{ name, reason }],
  skipped: [],
  failures: [],
});

const momentaryReason = (names: ReadonlySet<string>): string =>
  names.has('uptime')
    ? 'they belong to the build and the run'
    : 'the recorded Prometheus posted some alerts again and again, it is not recorded when';

const failed = (name: string, reason: string): Outcome => ({
  passed: 0,
  byShape: [],
  skipped: [],
  failures: [`${name}: ${reason}`],
});

function read<T>(folder: string, name: RegExp): T | undefined {
  const file = readdirSync(folder).find((entry) => name.test(entry));
  return file === undefined ? undefined : (JSON.parse(readFileSync(join(folder, file), 'utf8')) as T);
}

function verdict(name: string, text: string, valid: boolean, message: string | null): Outcome {
  let refused: string | undefined;
  try {
    parseConfig(text);
  } catch (error) {
    refused = (error as Error).message;
  }
  if (valid) return refused === undefined ? passed : failed(name, `refused: ${refused}`);
  if (refused === undefined) return failed(name, `accepted, want: ${message}`);
  return message === null || refused.split('\n')[0] === message
    ? passed
    : failed(name, `${refused}, want: ${message}`);
}

function configVerdicts(folder: string): Outcome[] {
  const cases =
    read<{ file: string; valid: boolean; error: string | null }[]>(folder, /^verdicts-.*\.json$/) ?? [];
  return cases.map(({ file, valid, error }) =>
    verdict(`config ${file}`, readFileSync(join(folder, file), 'utf8'), valid, error),
  );
}

function inlineVerdicts(folder: string): Outcome[] {
  const cases =
    read<{ test: string; in: string; valid: boolean; amtoolError: string | null }[]>(
      folder,
      /^inline-configs\.json$/,
    ) ?? [];
  return cases.map((item) => verdict(`config ${item.test}`, item.in, item.valid, item.amtoolError));
}

function routing(folder: string): Outcome[] {
  const cases =
    read<{ configFile: string; labels: Record<string, string>; receivers: string[]; error: string | null }[]>(
      folder,
      /^routing-tests\.json$/,
    ) ?? [];
  return cases.map(({ configFile, labels, receivers, error }) => {
    const name = `routing ${configFile} ${JSON.stringify(labels)}`;
    try {
      const route = buildRoute(parseConfig(readFileSync(join(folder, configFile), 'utf8')).route);
      const got = matchRoutes(route, labels).map(({ receiver }) => receiver);
      return JSON.stringify(got) === JSON.stringify(receivers)
        ? passed
        : failed(name, `${got}, want ${receivers}`);
    } catch (caught) {
      const message = (caught as Error).message;
      return error !== null && message === error ? passed : failed(name, message);
    }
  });
}

async function requests(folder: string): Promise<Outcome[]> {
  const recordings = readdirSync(folder)
    .filter((name) => /^\d{3}-.*\.json$/.test(name))
    .sort()
    .map((name) => ({ file: name, ...(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Recording) }));
  const first = recordings[0];
  if (first === undefined) return [];
  const payloadFile = join(folder, 'webhook-payloads.ndjson');
  const wanted = existsSync(payloadFile)
    ? readFileSync(payloadFile, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Payload)
    : [];
  const strangers = foreignAlerts(recordings);
  const begin = Math.min(moment(first), ...strangers.map((alert) => Date.parse(alert.startsAt)));
  const clock = new ManualClock(begin);
  const received: Payload[] = [];
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({
        at: clock.now() / 1000,
        path: request.url ?? '',
        body: JSON.parse(Buffer.concat(chunks).toString()),
      });
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const home = mkdtempSync(join(tmpdir(), 'alertmanager-conformance-'));
  const configFile = join(home, 'alertmanager.yml');
  writeFileSync(
    configFile,
    readFileSync(join(folder, 'alertmanager.yml'), 'utf8').replaceAll(
      recordedReceiver,
      `127.0.0.1:${(receiver.address() as AddressInfo).port}`,
    ),
  );
  const running = await startAlertmanager('127.0.0.1:0', {
    configFile,
    externalUrl: 'http://vm:19093',
    clock,
  });
  const ids = new Map<string, string>();
  const outcomes: Outcome[] = [];
  try {
    const post = (alerts: Json) =>
      fetch(`${running.url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alerts),
      });
    // A Prometheus stood beside the recorded server; its alerts are in the answers without a request that posts them.
    await post(strangers.map((alert) => ({ ...alert, endsAt: new Date(begin + 3_600_000).toISOString() })));
    for (const recording of recordings) {
      // Two requests are never at the same millisecond.
      await clock.advanceTo(Math.max(moment(recording), clock.now() + 1), () =>
        settled(running.manager.sending),
      );
      outcomes.push(await replay(running.url, recording, ids, strangers));
    }
    outcomes.push(...comparePayloads(received, wanted));
  } finally {
    await running.close();
    receiver.close();
    rmSync(home, { recursive: true, force: true });
  }
  return outcomes;
}

/** When the recorded server answered; the header has whole seconds, so the middle of the second is taken. */
const moment = (recording: Recording) => Date.parse(recording.response.headers.Date ?? '') + 500;

/** Alerts that are answered but that no request posts. */
function foreignAlerts(recordings: readonly Recording[]): RecordedAlert[] {
  const posted = new Set<string>();
  for (const { request } of recordings)
    if (request.method === 'POST' && request.path.endsWith('/alerts') && Array.isArray(request.bodyJson))
      for (const alert of request.bodyJson as { labels?: Record<string, string> }[])
        posted.add(String(alert.labels?.alertname));
  const answer = recordings.find(
    ({ request, response }) =>
      request.method === 'GET' &&
      request.path.endsWith('/alerts') &&
      Array.isArray(response.bodyJson) &&
      response.bodyJson.length > 0,
  );
  return ((answer?.response.bodyJson ?? []) as RecordedAlert[])
    .filter(({ labels }) => !posted.has(labels.alertname ?? ''))
    .map(({ labels, annotations, startsAt, generatorURL }) => ({
      labels,
      annotations,
      startsAt,
      generatorURL,
    }));
}

async function replay(
  url: string,
  recording: Recording & { file: string },
  ids: Map<string, string>,
  strangers: readonly RecordedAlert[],
): Promise<Outcome> {
  const { request, response: want, file } = recording;
  const translate = (text: string) => text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, (id) => ids.get(id) ?? id);
  const query = request.query === undefined ? '' : `?${new URLSearchParams(request.query)}`;
  const body =
    request.bodyText ?? (request.bodyJson === undefined ? undefined : JSON.stringify(request.bodyJson));
  const response = await fetch(url + translate(request.rawUrl ?? request.path + query), {
    method: request.method,
    headers: request.headers,
    body: body && translate(body),
  });
  const text = await response.text();
  if (response.status !== want.status)
    return failed(file, `status ${response.status}, want ${want.status}: ${text.slice(0, 200)}`);
  for (const name of comparedHeaders) {
    const got = response.headers.get(name) ?? undefined;
    const wish = Object.entries(want.headers).find(([header]) => header.toLowerCase() === name)?.[1];
    if (got !== wish) return failed(file, `header ${name} is ${got}, want ${wish}`);
  }
  if (byShape[request.path] !== undefined) {
    const names = [...(want.bodyText ?? '').matchAll(/^# TYPE (\S+) \S+$/gm)].map(([, name]) => name ?? '');
    const missing = names.filter((name) => !text.includes(`# TYPE ${name} `));
    if (missing.length > 0) return failed(file, `metrics missing: ${missing.join(', ')}`);
    return text === '' ? failed(file, 'the body is empty') : inPart(file, byShape[request.path]!);
  }
  if (want.bodyJson === undefined)
    return text === (want.bodyText ?? '') ? passed : failed(file, `body ${text}, want ${want.bodyText}`);
  const got = JSON.parse(text) as Json;
  const created = (want.bodyJson as { silenceID?: string }).silenceID;
  if (created !== undefined) ids.set(created, (got as { silenceID: string }).silenceID);
  const known = new Set(strangers.map(({ labels }) => labels.alertname));
  const typeOnly = new Set<string>();
  const difference = compare(got, translateIds(want.bodyJson, ids), '', {
    strangers: known,
    onTypeOnly: (name) => typeOnly.add(name),
  });
  if (difference !== undefined) return failed(file, difference);
  if (typeOnly.size === 0) return passed;
  return inPart(
    file,
    `of ${[...typeOnly].join(' and ')} the type: ${momentaryReason(typeOnly)}; all else by value`,
  );
}

const translateIds = (value: Json, ids: ReadonlyMap<string, string>): Json =>
  JSON.parse(JSON.stringify(value), (_, item: Json) =>
    typeof item === 'string' ? (ids.get(item) ?? item) : item,
  );

/** Each recorded notification must have gone out, at about its time and with the same body; no other may. */
function comparePayloads(received: readonly Payload[], wanted: readonly Payload[]): Outcome[] {
  const left = [...received];
  const outcomes = wanted.map((want): Outcome => {
    const key = (payload: Payload) =>
      `${payload.path} ${(payload.body as { groupKey: string }).groupKey} ${(payload.body as { status: string }).status}`;
    const name = `webhook ${key(want)}`;
    const index = left.findIndex((payload) => key(payload) === key(want));
    const got = left[index];
    if (got === undefined) return failed(name, 'was not sent');
    left.splice(index, 1);
    if (Math.abs(got.at - want.at) > toleranceMs / 1000)
      return failed(name, `sent ${(got.at - want.at).toFixed(1)} s off`);
    const difference = compare(got.body, want.body, '');
    return difference === undefined ? passed : failed(name, difference);
  });
  return [
    ...outcomes,
    ...left.map((payload) =>
      failed(`webhook ${payload.path}`, `sent beyond the recorded ones: ${show(payload.body)}`),
    ),
  ];
}
