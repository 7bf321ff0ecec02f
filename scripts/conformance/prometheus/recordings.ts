import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { parseFlags } from '../../../stack/embedded/prometheus/flags.ts';
import { startPrometheus } from '../../../stack/embedded/prometheus/server.ts';
import { threadProgram } from '../../../stack/embedded/prometheus/testing/test-server.ts';
import { type Outcome, Tally } from '../tally.ts';
import { type Answer, differenceOfAnswers, type RecordedAnswer } from './answers.ts';
import { boundedSamples, byShape, skipped } from './exceptions.ts';
import { freePorts, startLiveTargets } from './live-targets.ts';

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
  readonly response: RecordedAnswer;
}

/** The instant at which the recordings were made; instants near it are moved to now. */
const recordedAt = 1_795_217_342;
/** The recorded queries look back 60 s from the moment of asking. */
const warmUpMs = 64_000;
/** In this order the recorded server first scraped its targets: series without another order come in it. */
const firstScraped = ['notfound', 'garbage', 'shop', 'down', 'prometheus'];
const scrapedWithinMs = 10_000;

/** Rebuilds the recorded set-up, lets it run for a minute and asks every recorded request in order. */
export async function replayRecordings(folder: string, names: readonly string[]): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'conformance-prometheus-'));
  // In the order of the recorded ports, as lists are sorted by them.
  const [ownPort, alertmanagerPort, shopPort, closedPort] = (await freePorts(4)) as [
    number,
    number,
    number,
    number,
  ];
  const targets = await startLiveTargets({ shopPort, alertmanagerPort });
  const ports: [recorded: string, here: number][] = [
    ['19090', ownPort],
    ['19093', alertmanagerPort],
    ['19100', shopPort],
    ['19199', closedPort],
  ];
  let config = readFileSync(join(folder, 'prometheus.yml'), 'utf8').replaceAll('/etc/prometheus', directory);
  for (const [recorded, here] of ports) config = config.replaceAll(`:${recorded}`, `:${here}`);
  const configFile = join(directory, 'prometheus.yml');
  writeFileSync(configFile, '');
  writeFileSync(join(directory, 'rules.yml'), readFileSync(join(folder, 'rules.yml')));
  const server = await startPrometheus(
    parseFlags([
      `--config.file=${configFile}`,
      `--web.listen-address=127.0.0.1:${ownPort}`,
      '--enable-feature=exemplar-storage',
      '--web.enable-lifecycle',
      '--web.enable-admin-api',
      '--web.enable-remote-write-receiver',
    ]),
    threadProgram,
  );
  const tally = new Tally();
  const startedMs = Date.now();
  try {
    console.log(
      `the rebuilt targets run for ${warmUpMs / 1000} s, as long as the recorded queries look back`,
    );
    const reload = async (text: string): Promise<void> => {
      writeFileSync(configFile, text);
      const { status } = await fetch(`${server.url}/-/reload`, { method: 'POST' });
      if (status !== 200) throw new Error(`the reload was answered ${status}`);
    };
    for (const [index, job] of firstScraped.entries()) {
      await reload(withJobs(config, firstScraped.slice(0, index + 1)));
      await untilScraped(server.url, job);
    }
    // Rules come when every target has been scraped: before, a rule may stay within the limit that it was to exceed.
    await reload(config);
    await sleep(warmUpMs);
    const shift = Math.floor(Date.now() / 1000) - recordedAt;
    const normalize = (text: string): string => {
      let normal = text
        .replaceAll(directory, '/etc/prometheus')
        .replaceAll(`http://${hostname()}:`, 'http://vm:');
      for (const [recorded, here] of ports) {
        normal = normal.replace(new RegExp(`(?<!\\d)${here}(?!\\d)`, 'g'), recorded);
      }
      // The token is a digest of file and group, and of the file's place when it was recorded.
      const token = (file: string): string => createHash('sha1').update(`${file};limits`).digest('hex');
      normal = normal.replaceAll(token(join(directory, 'rules.yml')), token('/root/lab/prom/rules.yml'));
      // Instants near now are those that were near the recording; some queries ask for others.
      return normal.replace(/\b1[78]\d{8}(?=[.,\]}"])/g, (seconds) => {
        const recorded = Number(seconds) - shift;
        return Math.abs(recorded - recordedAt) < 3600 ? String(recorded) : seconds;
      });
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
      const answer = { ...got, body: normalize(got.body) };
      const difference = differenceOfAnswers(id, recording.response, answer, startedMs);
      tally.add(id, difference, byShape[id] ?? boundedSamples[id]);
    }
  } finally {
    await server.close();
    await targets.close();
    rmSync(directory, { recursive: true });
  }
  return tally;
}

/** The configuration with these jobs only, and without rules. */
function withJobs(text: string, jobs: readonly string[]): string {
  const config = parse(text) as { scrape_configs: { job_name: string }[] };
  const scrapeConfigs = config.scrape_configs.filter(({ job_name }) => jobs.includes(job_name));
  return stringify({ ...config, rule_files: [], scrape_configs: scrapeConfigs });
}

async function untilScraped(url: string, job: string): Promise<void> {
  const deadline = Date.now() + scrapedWithinMs;
  const query = encodeURIComponent(`up{job="${job}"}`);
  for (;;) {
    const response = await fetch(`${url}/api/v1/query?query=${query}`);
    const { data } = (await response.json()) as { data: { result: unknown[] } };
    if (data.result.length > 0) return;
    if (Date.now() > deadline) throw new Error(`${job} was not scraped within ${scrapedWithinMs / 1000} s`);
    await sleep(50);
  }
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
