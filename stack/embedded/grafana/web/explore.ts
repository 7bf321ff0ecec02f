// The program of Explore: one query, and everything that its answer can be.
import { exploreUrl } from '../pages/explore-url.ts';
import { instantOf } from '../pages/time-range.ts';
import { fetchSeries, fetchTrace, type Range } from './data.ts';
import { element, moment, tableOf } from './dom.ts';
import { startTail } from './live-tail.ts';
import { drawGraph } from './panels/graph.ts';
import { drawLogs, drawTable } from './panels/lists.ts';
import { NothingFound, type Surroundings } from './panels/panel.ts';
import type { QueryEditor } from './query-editor/editor.ts';
import { historyView, rememberQuery } from './query-history.ts';
import { legendOf } from './series.ts';
import { traceView } from './trace.ts';
import type { ExploreSource, PanelView, TargetView } from './view.ts';

const sources = JSON.parse(document.getElementById('data')!.textContent) as ExploreSource[];
const form = document.getElementById('form') as HTMLFormElement;
const status = document.getElementById('status')!;
const result = document.getElementById('result')!;
const field = <Element extends HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>(
  name: string,
): Element => form.elements.namedItem(name) as Element;
const source = field<HTMLSelectElement>('source');
const query = field<HTMLTextAreaElement>('query');
const from = field<HTMLInputElement>('from');
const to = field<HTMLInputElement>('to');
const live = document.getElementById('live') as HTMLButtonElement;
const map = document.getElementById('map') as HTMLButtonElement;

const hints: Readonly<Record<string, string>> = {
  prometheus: 'PromQL: rate(http_requests_total[1m])',
  loki: 'LogQL: {app="notes"} | json | level="error"',
  jaeger: 'A trace ID, or a service and conditions: gateway error=true minDuration=300ms',
};

/** Wide enough that a screen shows no more points. */
const mostPoints = 500;
const mostRows = 1000;

function chosen(): ExploreSource {
  const found = sources.find(({ uid }) => uid === source.value);
  if (found === undefined) throw new Error('No data source is provisioned.');
  return found;
}

function readRange({ scrapeSeconds }: ExploreSource): Range {
  const ends = [from, to].map(({ value }) => {
    const instant = instantOf(value);
    if (Number.isNaN(instant)) {
      throw new Error(`"${value}" is no time: use now-1h, a date, or milliseconds.`);
    }
    return instant;
  });
  const [start = 0, end = 0] = ends;
  if (start >= end) throw new Error(`"${from.value}" is not before "${to.value}".`);
  return {
    from: start,
    to: end,
    stepSeconds: Math.max(scrapeSeconds, Math.ceil((end - start) / 1000 / mostPoints)),
  };
}

function panelOf(target: TargetView): PanelView {
  return {
    id: 1,
    type: '',
    title: target.query,
    description: '',
    grid: { x: 0, y: 0, w: 24, h: 8 },
    targets: [target],
    stepSeconds: 1,
    unit: 'short',
    stacked: false,
    fill: 8,
    thresholds: [],
    thresholdLines: false,
    showName: false,
    mappings: {},
    noValue: '',
    content: '',
  };
}

const surroundings: Surroundings = {
  traceAddress: (id, uid = sources.find(({ type }) => type === 'jaeger')?.uid) =>
    id === '' || uid === undefined
      ? undefined
      : exploreUrl({ uid, type: 'jaeger' }, id, { from: from.value, to: to.value }),
  zoom: (start, end) => {
    from.value = String(start);
    to.value = String(end);
    form.requestSubmit();
  },
};

async function show(at: ExploreSource, target: TargetView, range: Range): Promise<void> {
  const panel = panelOf(target);
  if (target.serviceMap) {
    const { drawNodeGraph } = await import('./panels/node-graph.ts');
    const host = element('div', { className: 'explored-map' });
    await drawNodeGraph(panel, host, surroundings)(range, []);
    result.append(host);
  } else if (at.type === 'jaeger' && /^[0-9a-f]{16,32}$/i.test(target.query)) {
    const spans = await fetchTrace(at.uid, target.query);
    if (spans.length === 0) throw new NothingFound();
    result.append(traceView(target.query, spans, at));
  } else if (at.type === 'jaeger') {
    for (const condition of target.query.split(/\s+/).slice(1)) {
      if (!/^[^=]+=./.test(condition)) {
        throw new Error(
          `"${condition}" is no condition: use error=true, http.route=/x or minDuration=300ms.`,
        );
      }
    }
    await drawTable(panel, result, surroundings)(range, []);
  } else if (at.type === 'loki' && target.query.startsWith('{')) {
    await drawLogs(panel, result, surroundings)(range, []);
  } else if (at.type === 'prometheus' || at.type === 'loki') {
    await showSeries(panel, target, range);
  } else throw new Error(`Explore cannot query a data source of type ${at.type}.`);
}

/** The way over time, and the values at its end. */
async function showSeries(panel: PanelView, target: TargetView, range: Range): Promise<void> {
  const graph = element('div', { className: 'explored' });
  result.append(graph);
  await drawGraph(panel, graph, surroundings)(range, []);
  const now = await fetchSeries({ ...target, instant: true }, range);
  result.append(
    element('p', {}, `${now.length} series at ${moment(range.to)}`),
    tableOf(
      ['Series', 'Value'],
      now.slice(0, mostRows).map(({ labels, values }) => [legendOf(labels, ''), String(values.at(-1))]),
    ),
  );
}

/** Once it is loaded; until then, and where it cannot be, the text field does. */
let editor: QueryEditor | undefined;

function writeQuery(text: string): void {
  query.value = text;
  editor?.write(text);
}

/** The hints, the language and the names of the chosen source. */
function showSource(): void {
  const at = sources.find(({ uid }) => uid === source.value);
  query.placeholder = hints[at?.type ?? ''] ?? '';
  editor?.turnTo(at, query.placeholder);
  live.hidden = at?.type !== 'loki';
  map.hidden = at?.type !== 'jaeger';
}

function targetOf(at: ExploreSource, text: string, serviceMap = false): TargetView {
  return {
    source: at,
    query: text,
    written: text,
    explore: exploreUrl(at, text, { from: from.value, to: to.value, range: true, serviceMap }),
    serviceMap,
    legend: '',
    instant: false,
    exemplars: at.type === 'prometheus',
    limit: at.type === 'loki' ? 500 : 50,
  };
}

function showError(error: unknown): void {
  result.replaceChildren();
  const isEmpty = error instanceof NothingFound;
  status.className = isEmpty ? '' : 'error';
  status.textContent = isEmpty
    ? 'Nothing was found in this range.'
    : error instanceof Error
      ? error.message
      : String(error);
}

let endTail: (() => void) | undefined;
/** Counts what was asked for: an answer that comes after the next question is too late. */
let turn = 0;

function newTurn(): number {
  endTail?.();
  endTail = undefined;
  result.replaceChildren();
  status.className = '';
  turn += 1;
  return turn;
}

/** Follows the log until another query is run. */
async function follow(): Promise<void> {
  const own = newTurn();
  status.textContent = '';
  try {
    const at = chosen();
    const text = query.value.trim();
    if (!text.startsWith('{')) {
      throw new Error('Only log lines can be followed: a query that begins with a selector, {app="notes"}.');
    }
    const end = await startTail(targetOf(at, text), result, surroundings);
    if (own !== turn) return end();
    endTail = end;
    rememberQuery(localStorage, { source: at.uid, query: text });
  } catch (error) {
    showError(error);
  }
}

async function run(serviceMap = false): Promise<void> {
  newTurn();
  status.textContent = 'Asking…';
  try {
    const at = chosen();
    const text = query.value.trim();
    if (text === '' && !serviceMap) {
      status.textContent = '';
      return;
    }
    const target = targetOf(at, text, serviceMap);
    history.replaceState(null, '', target.explore);
    await show(at, target, readRange(at));
    status.textContent = '';
    if (!serviceMap) rememberQuery(localStorage, { source: at.uid, query: text });
  } catch (error) {
    showError(error);
  }
}

interface Pane {
  readonly datasource?: string | { readonly uid?: string };
  readonly queries?: readonly {
    readonly datasource?: string | { readonly uid?: string };
    readonly expr?: string;
    readonly query?: unknown;
    readonly service?: string;
    readonly queryType?: string;
  }[];
  readonly range?: { readonly from?: string; readonly to?: string };
}

/** Fills the form from Grafana's own kind of link. Returns whether it asks for the service map. */
function readAddress(): boolean {
  const panes = new URLSearchParams(location.search).get('panes');
  if (panes === null) return false;
  const pane = Object.values(JSON.parse(panes) as Record<string, Pane>)[0] ?? {};
  const asked = pane.queries?.[0] ?? {};
  const named = asked.datasource ?? pane.datasource;
  const uid = typeof named === 'object' ? named.uid : named;
  const found = sources.find((one) => one.uid === uid || one.name === uid);
  if (found !== undefined) source.value = found.uid;
  writeQuery(asked.expr ?? (typeof asked.query === 'string' ? asked.query : (asked.service ?? '')));
  from.value = pane.range?.from ?? 'now-1h';
  to.value = pane.range?.to ?? 'now';
  return asked.queryType === 'dependencyGraph' && chosen().type === 'jaeger';
}

source.append(
  ...sources.map(({ uid, name, isDefault }) => element('option', { value: uid, selected: isDefault }, name)),
);
source.onchange = showSource;
live.onclick = () => void follow();
map.onclick = () => void run(true);
form.append(
  historyView(
    (uid) => sources.find((one) => one.uid === uid)?.name,
    (past) => {
      source.value = past.source;
      showSource();
      writeQuery(past.query);
      form.requestSubmit();
    },
  ),
);
form.onsubmit = (event) => {
  event.preventDefault();
  void run();
};
try {
  const serviceMap = readAddress();
  showSource();
  void run(serviceMap);
} catch (error) {
  status.className = 'error';
  status.textContent = `The address cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}

import('./query-editor/editor.ts').then(
  ({ editInstead }) => {
    editor = editInstead(query, () => form.requestSubmit());
    showSource();
  },
  // The text field stays.
  () => undefined,
);
