// The program of a dashboard's page: draws every panel and keeps it fresh.
import { exploreUrl } from '../pages/explore-url.ts';
import { instantOf } from '../pages/time-range.ts';
import { fetchLabelValues, fetchMarks, type Range } from './data.ts';
import { element } from './dom.ts';
import { draws } from './panels/draw.ts';
import { NothingFound, type Refresh, type Surroundings } from './panels/panel.ts';
import type { ChoiceView, DashboardView, PanelView } from './view.ts';

const view = JSON.parse(document.getElementById('data')!.textContent) as DashboardView;
const form = document.getElementById('controls') as HTMLFormElement;

/** The same dashboard with other parameters in its address. */
function goTo(parameters: Readonly<Record<string, string>>): void {
  const next = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(parameters)) next.set(name, value);
  location.search = String(next);
}

const surroundings: Surroundings = {
  traceAddress: (id, source = view.traces) =>
    id === '' || source === undefined
      ? undefined
      : exploreUrl({ uid: source, type: 'jaeger' }, id, { from: view.from, to: view.to }),
  zoom: (from, to) => goTo({ from: String(from), to: String(to) }),
};

interface ShownPanel {
  readonly panel: PanelView;
  readonly host: HTMLElement;
  readonly message: HTMLElement;
  readonly refresh: Refresh;
}

/** Rows and what stands below each, on a grid of its own. */
function build(): ShownPanel[] {
  const shown: ShownPanel[] = [];
  const place = document.getElementById('panels')!;
  let grid: HTMLElement | undefined;
  let top = 0;
  for (const panel of [...view.panels].sort((a, b) => a.grid.y - b.grid.y || a.grid.x - b.grid.x)) {
    if (panel.type === 'row' || grid === undefined) {
      grid = element('div', { className: 'grid' });
      top = panel.type === 'row' ? panel.grid.y + 1 : panel.grid.y;
      if (panel.type === 'row') {
        const row = element(
          'details',
          { className: 'row', open: true },
          element('summary', {}, panel.title),
          grid,
        );
        row.ontoggle = () => void refreshAll();
        place.append(row);
        continue;
      }
      place.append(grid);
    }
    const { frame, ...made } = frameOf(panel);
    const { x, y, w, h } = panel.grid;
    frame.style.gridArea = `${y - top + 1} / ${x + 1} / span ${h} / span ${w}`;
    grid.append(frame);
    shown.push(made);
  }
  return shown;
}

function frameOf(panel: PanelView): ShownPanel & { readonly frame: HTMLElement } {
  const host = element('div', { className: `content ${panel.type}` });
  const message = element('p', { className: 'message', hidden: true });
  message.setAttribute('role', 'status');
  const alone = new URLSearchParams(location.search);
  alone.set('viewPanel', String(panel.id));
  const heading = element(
    'h2',
    { title: panel.description },
    element('a', { href: `?${alone}` }, panel.title || 'Panel'),
  );
  const explore = panel.targets[0]?.explore;
  if (explore !== undefined) {
    const link = element(
      'a',
      { href: explore, className: 'explore', title: 'Run the query in Explore' },
      'Explore',
    );
    link.setAttribute('aria-label', `Explore: ${panel.title}`);
    heading.append(link);
  }
  const frame = element('section', { className: 'panel' }, heading, message, host);
  frame.setAttribute('aria-label', panel.title);
  frame.dataset.panel = String(panel.id);
  const draw = draws[panel.type];
  const refresh: Refresh =
    panel.problem !== undefined || draw === undefined
      ? () => Promise.reject(new Error(panel.problem ?? `Panels of type "${panel.type}" are not drawn.`))
      : draw(panel, host, surroundings);
  return { panel, host, message, refresh, frame };
}

async function refresh({ panel, host, message, refresh }: ShownPanel, now: number): Promise<void> {
  const step = 1000 * panel.stepSeconds;
  const range: Range = {
    from: instantOf(view.from, now),
    to: instantOf(view.to, now),
    stepSeconds: panel.stepSeconds,
  };
  let words: string | undefined;
  let kind = '';
  try {
    if (!(range.to - range.from >= step)) {
      throw new Error(
        `"${view.from}" to "${view.to}" is no range of time: use now-15m, a date, or milliseconds.`,
      );
    }
    const wasHidden = host.hidden;
    await refresh(range, marks(range));
    if (wasHidden) {
      // What is not laid out has no size to draw in.
      host.hidden = false;
      await refresh(range, marks(range));
    }
    // What scrolls can be scrolled with keys.
    if (host.scrollHeight > host.clientHeight) host.tabIndex = 0;
    else host.removeAttribute('tabindex');
  } catch (error) {
    const isEmpty = error instanceof NothingFound;
    kind = isEmpty ? 'empty' : 'error';
    words = isEmpty ? nothing(panel) : error instanceof Error ? error.message : String(error);
  }
  message.textContent = words ?? '';
  message.className = `message ${kind}`;
  message.hidden = words === undefined;
  host.hidden = words !== undefined;
  host.closest('section')!.dataset.state = kind || 'drawn';
}

function nothing({ noValue, targets, alertList }: PanelView): string {
  if (alertList !== undefined) return 'No alert is in one of these states.';
  if (targets.length === 0) return 'This panel has no query.';
  return noValue && noValue !== 'no data' ? noValue : 'No data in this range.';
}

let asked: { readonly to: number; readonly marks: ReturnType<typeof fetchMarks> } | undefined;
/** One request for all panels of a refresh. */
function marks({ from, to }: Range): ReturnType<typeof fetchMarks> {
  // A graph without its marks is a graph all the same.
  if (asked?.to !== to) asked = { to, marks: fetchMarks(view.marks, { from, to }).catch(() => []) };
  return asked.marks;
}

const panels = build();
let running = false;
let again = false;

const isInSight = ({ host }: ShownPanel): boolean => {
  const { top, bottom, width } = host.closest('section')!.getBoundingClientRect();
  return width > 0 && bottom > -300 && top < innerHeight + 300;
};

/** What is in sight, all at once; while one refresh runs the next one waits. */
async function refreshAll(): Promise<void> {
  again = running;
  if (running) return;
  running = true;
  try {
    do {
      again = false;
      const now = Date.now();
      const begin = performance.now();
      await Promise.all(panels.filter(isInSight).map((panel) => refresh(panel, now)));
      // For the benchmark, and for whoever looks into the browser's tools: how long the last refresh took.
      performance.clearMeasures('refresh');
      performance.measure('refresh', { start: begin });
    } while (again);
  } finally {
    running = false;
  }
}

/** A list in the place of the text field, once the values are known. */
async function offerChoices({ name, all, from }: ChoiceView): Promise<void> {
  const field = form.elements.namedItem(`var-${name}`);
  if (!(field instanceof HTMLInputElement)) return;
  const values =
    'values' in from
      ? [...from.values]
      : (await fetchLabelValues(from.source, from.selector, from.label)).sort((a, b) => a.localeCompare(b));
  if (all) values.unshift('All');
  if (!values.includes(field.value)) values.unshift(field.value);
  const list = element(
    'select',
    { name: field.name, onchange: () => form.requestSubmit() },
    ...values.map((value) => element('option', { value, selected: value === field.value }, value || 'none')),
  );
  field.replaceWith(list);
}

function selectOf(
  label: string,
  options: readonly (readonly [text: string, value: string])[],
  current: string,
  choose: (value: string) => void,
): HTMLElement {
  const known = options.some(([, value]) => value === current);
  const list = element(
    'select',
    {},
    ...(known ? options : [['custom', current] as const, ...options]).map(([text, value]) =>
      element('option', { value, selected: value === current }, text),
    ),
  );
  list.onchange = () => choose(list.value);
  return element('label', {}, label, ' ', list);
}

const ranges = [
  ...['5m', '15m', '30m', '1h', '3h', '6h', '24h'].map(
    (length) => [`Last ${length}`, `now-${length}`] as const,
  ),
];
const intervals = [['off', '0'], ...['5s', '10s', '30s', '1m'].map((text) => [text, text] as const)] as const;

form.querySelector('div')!.append(
  selectOf('Range', ranges, view.to === 'now' ? view.from : `${view.from} to ${view.to}`, (from) =>
    goTo({ from, to: 'now' }),
  ),
  selectOf(
    'Refresh',
    intervals,
    view.refreshSeconds === 60 ? '1m' : view.refreshSeconds === 0 ? '0' : `${view.refreshSeconds}s`,
    (interval) => goTo({ refresh: interval }),
  ),
);

for (const choice of view.choices) offerChoices(choice).catch(() => undefined);
if (view.refreshSeconds > 0) {
  setInterval(() => {
    if (!document.hidden) void refreshAll();
  }, 1000 * view.refreshSeconds);
}
// What is drawn on a canvas has to be drawn anew in the other colours.
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => void refreshAll());
let moved: ReturnType<typeof setTimeout> | undefined;
for (const event of ['scroll', 'resize']) {
  addEventListener(event, () => {
    clearTimeout(moved);
    moved = setTimeout(() => void refreshAll(), 150);
  });
}
void refreshAll();
