import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseFlags } from '../../../stack/embedded/prometheus/flags.ts';
import { startPrometheus } from '../../../stack/embedded/prometheus/server.ts';
import { threadProgram } from '../../../stack/embedded/prometheus/testing/test-server.ts';
import { type Outcome, Tally } from '../tally.ts';
import { differenceOfJson } from './compare.ts';

interface Header {
  readonly rangeParams: { readonly start: number; readonly end: number; readonly step: number };
  readonly instantTime: number;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Recorded {
  readonly query: string;
  readonly range: Answer;
  readonly instant: Answer;
}

/** Relative. Everything agrees to the last digit but `exp` and `log2`: V8's differ from Go's in the last bit. */
const tolerance = 3e-16;
/** Functions that gather their groups in a Go map: the order of an instant vector is chance. */
const gathersInMap = /\b(?:histogram_quantile|count_values)\b/;
/** Prometheus 3.5.3, which was recorded, did not yet warn of this; 3.14.0, which is embedded, does. */
const laterWarning = {
  range: /^sort(?:_by_label)?(?:_desc)?\(/,
  warning:
    'PromQL warning: sort is ineffective for range queries since results are always ordered by labels (1:1)',
  partly: 'the recorded 3.5.3 lacks a warning that 3.14.0 gives; all but that is compared',
};

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
    threadProgram,
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
        return { status: response.status, body: await response.json() };
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
        const name = `queries: ${kind} ${recorded.query}`;
        if (kind === 'range' && laterWarning.range.test(recorded.query)) {
          const warned = { ...(wanted.body as object), warnings: [laterWarning.warning] };
          tally.add(name, differenceOf({ ...wanted, body: warned }, got), laterWarning.partly);
          continue;
        }
        const unordered = kind === 'instant' && gathersInMap.test(recorded.query);
        tally.add(name, differenceOf(wanted, got, unordered));
      }
    }
  } finally {
    await server.close();
    rmSync(directory, { recursive: true });
  }
  return tally;
}

function differenceOf(wanted: Answer, got: Answer, unordered = false): string | undefined {
  if (wanted.status !== got.status) return `status ${got.status}, wanted ${wanted.status}`;
  return differenceOfJson(wanted.body, got.body, {
    relative: tolerance,
    seconds: 0,
    unordered: (member) => unordered && member === 'result',
  });
}
