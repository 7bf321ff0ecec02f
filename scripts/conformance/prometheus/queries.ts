import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseFlags } from '../../../stack/embedded/prometheus/flags.ts';
import { startPrometheus } from '../../../stack/embedded/prometheus/server.ts';
import { type Outcome, Tally } from '../tally.ts';
import { differenceOfResults, type QueryBody } from './compare.ts';

interface Header {
  readonly rangeParams: { readonly start: number; readonly end: number; readonly step: number };
  readonly instantTime: number;
}

interface Answer {
  readonly status: number;
  readonly body: QueryBody;
}

interface Recorded {
  readonly query: string;
  readonly range: Answer;
  readonly instant: Answer;
}

/** Values may differ by this much, relatively. */
const tolerance = 1e-9;

/** Loads the fixed data set and asks every recorded query twice, as an instant and as a range. */
export async function replayQueries(folder: string): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'conformance-prometheus-'));
  const configFile = join(directory, 'prometheus.yml');
  writeFileSync(configFile, '');
  const server = await startPrometheus(
    parseFlags([
      `--config.file=${configFile}`,
      '--web.listen-address=127.0.0.1:0',
      '--enable-feature=promql-experimental-functions',
      '--storage.tsdb.retention.time=0s',
      `--storage.tsdb.import-openmetrics=${join(folder, 'data.om.txt.gz')}`,
    ]),
  );
  const tally = new Tally();
  try {
    const lines = gunzipSync(readFileSync(join(folder, 'expected.ndjson.gz')))
      .toString('utf8')
      .trim()
      .split('\n');
    const { rangeParams, instantTime } = JSON.parse(lines[0]!) as Header;
    for (const line of lines.slice(1)) {
      const recorded = JSON.parse(line) as Recorded;
      const ask = async (path: string, parameters: Record<string, string>): Promise<Answer> => {
        const body = new URLSearchParams({ query: recorded.query, ...parameters });
        const response = await fetch(`${server.url}/api/v1/${path}`, { method: 'POST', body });
        return { status: response.status, body: (await response.json()) as QueryBody };
      };
      const checks: [string, Answer, Answer][] = [
        ['instant', recorded.instant, await ask('query', { time: String(instantTime) })],
        [
          'range',
          recorded.range,
          await ask(
            'query_range',
            Object.fromEntries(Object.entries(rangeParams).map(([name, value]) => [name, String(value)])),
          ),
        ],
      ];
      for (const [kind, wanted, got] of checks) {
        tally.add(`queries: ${kind} ${recorded.query}`, differenceOf(wanted, got));
      }
    }
  } finally {
    await server.close();
    rmSync(directory, { recursive: true });
  }
  return tally;
}

function differenceOf(wanted: Answer, got: Answer): string | undefined {
  if (wanted.status !== got.status)
    return `status ${got.status}, wanted ${wanted.status} (${got.body.error ?? ''})`;
  if (wanted.body.errorType !== got.body.errorType)
    return `errorType ${got.body.errorType}, wanted ${wanted.body.errorType}`;
  if (wanted.body.data === undefined) return undefined;
  return differenceOfResults(wanted.body, got.body, { relative: tolerance, seconds: 0 });
}
