import uPlot from 'uplot';
import type { Exemplar, Mark, Range } from '../data.ts';
import { clock, element, styleColor } from '../dom.ts';
import { colorOf, formatValue, seriesColor } from '../format.ts';
import { newestExemplars } from '../newest.ts';
import { alignSeries, lastValue, type Series, stack, withGaps } from '../series.ts';
import type { PanelView } from '../view.ts';
import { type Draw, linkOf, type Surroundings, seriesOf } from './panel.ts';

/** More than this many points that lead to traces are more than a finger can tell apart. */
const mostExemplars = 40;
const mostTooltipRows = 16;
/** A point that is further from the pointer is not what it points at. */
const nearPixels = 30;

interface Line extends Series {
  readonly color: string;
}

/** Lines over time, as uPlot draws them: Grafana's own library for it. */
export const drawGraph: Draw = (panel, host, surroundings) => {
  const plot = element('div', { className: 'plot' });
  const legend = element('ul', { className: 'legend' });
  host.append(plot, legend);
  const hidden = new Set<string>();
  let drawn: { readonly names: string; readonly graph: Graph } | undefined;

  return async (range, asked) => {
    const [series, exemplars, marks] = await Promise.all([
      seriesOf(panel, range),
      exemplarsOf(panel, range),
      asked,
    ]);
    const lines = series.map((one, index) => ({ ...one, color: seriesColor(index) }));
    const show = (): void => {
      const shown = lines.filter(({ name }) => !hidden.has(name));
      const names = JSON.stringify(shown.map(({ name, color }) => [name, color]));
      if (drawn?.names !== names) {
        drawn?.graph.destroy();
        drawn = { names, graph: new Graph(panel, plot, surroundings, shown) };
      }
      drawn.graph.update(shown, range, marks, exemplars);
      describe(plot, panel, shown);
    };
    const toggle = (name: string): void => {
      if (!hidden.delete(name)) hidden.add(name);
      show();
      writeLegend();
    };
    const writeLegend = (): void => {
      const focused = legend.contains(document.activeElement)
        ? document.activeElement?.textContent
        : undefined;
      legend.replaceChildren(...lines.map((line) => legendItem(panel, line, range, hidden, toggle)));
      if (focused) {
        const buttons = [...legend.querySelectorAll('button')];
        buttons.find(({ dataset }) => focused.startsWith(dataset.name ?? '\0'))?.focus();
      }
    };
    show();
    writeLegend();
  };
};

async function exemplarsOf({ targets }: PanelView, range: Range): Promise<Exemplar[]> {
  const asked = targets.filter(({ exemplars }) => exemplars);
  const found = (await Promise.all(asked.map((target) => newestExemplars(target, range)))).flat();
  // The highest of each stretch of time: those are what somebody wants to open.
  const stretch = (range.to - range.from) / 1000 / mostExemplars;
  const highest = new Map<number, Exemplar>();
  for (const one of found) {
    const key = Math.floor(one.time / stretch);
    if (one.value > (highest.get(key)?.value ?? Number.NEGATIVE_INFINITY)) highest.set(key, one);
  }
  return [...highest.values()];
}

/** What stands in the picture, for whoever does not see it. */
function describe(plot: HTMLElement, { title, unit, decimals }: PanelView, lines: readonly Line[]): void {
  const values = lines.map((line) => {
    const last = lastValue(line);
    return `${line.name} ${last === undefined ? 'no value' : formatValue(last, unit, decimals)}`;
  });
  // The picture alone: the exemplars above it are links.
  const picture = plot.querySelector('canvas');
  picture?.setAttribute('role', 'img');
  picture?.setAttribute('aria-label', `${title}: ${values.join(', ')}`);
}

function legendItem(
  panel: PanelView,
  line: Line,
  range: Range,
  hidden: ReadonlySet<string>,
  toggle: (name: string) => void,
): HTMLElement {
  const last = lastValue(line);
  const swatch = element('span', { className: 'swatch' });
  swatch.style.background = line.color;
  const button = element(
    'button',
    { type: 'button', title: 'Show or hide', onclick: () => toggle(line.name) },
    swatch,
    line.name,
    element('b', {}, last === undefined ? '' : formatValue(last, panel.unit, panel.decimals)),
  );
  button.dataset.name = line.name;
  button.setAttribute('aria-pressed', String(!hidden.has(line.name)));
  const item = element('li', {}, button);
  const href = linkOf(panel, line.labels, range);
  if (href !== undefined) {
    const link = element('a', { href, title: `${panel.link?.title ?? 'Open'}: ${line.name}` }, '↗');
    link.setAttribute('aria-label', link.title);
    item.append(link);
  }
  return item;
}

class Graph {
  readonly #panel: PanelView;
  readonly #surroundings: Surroundings;
  readonly #plot: uPlot;
  readonly #tooltip = element('div', { className: 'tooltip', hidden: true });
  readonly #points = element('div', { className: 'exemplars' });
  readonly #resize: ResizeObserver;
  #lines: readonly Line[];
  #range: Range = { from: 0, to: 1, stepSeconds: 1 };
  #marks: readonly Mark[] = [];
  #exemplars: readonly Exemplar[] = [];
  /** As measured; in a stack the drawn ones are sums. */
  #columns: (number | null)[][] = [];

  constructor(panel: PanelView, host: HTMLElement, surroundings: Surroundings, lines: readonly Line[]) {
    this.#panel = panel;
    this.#surroundings = surroundings;
    this.#lines = lines;
    this.#plot = new uPlot(this.#options(host, lines), [[]], host);
    this.#plot.over.append(this.#points, this.#tooltip);
    this.#plot.over.addEventListener('mouseleave', () => {
      this.#tooltip.hidden = true;
    });
    this.#resize = new ResizeObserver(() => this.#plot.setSize(sizeOf(host)));
    this.#resize.observe(host);
  }

  destroy(): void {
    this.#resize.disconnect();
    this.#plot.destroy();
  }

  update(lines: readonly Line[], range: Range, marks: readonly Mark[], exemplars: readonly Exemplar[]): void {
    this.#lines = lines;
    this.#range = range;
    this.#marks = marks;
    this.#exemplars = exemplars;
    const times = withGaps(alignSeries(lines).times, range.stepSeconds);
    const empty: Series = { name: '', labels: {}, times, values: times.map(() => Number.NaN) };
    this.#columns = alignSeries([...lines, empty]).columns.slice(0, -1);
    this.#plot.setData([times, ...(this.#panel.stacked ? stack(this.#columns) : this.#columns)]);
  }

  #options(host: HTMLElement, lines: readonly Line[]): uPlot.Options {
    const { unit, fill, stacked } = this.#panel;
    const axis: uPlot.Axis = {
      stroke: () => styleColor('--faint'),
      grid: { stroke: () => styleColor('--line'), width: 1 },
      ticks: { stroke: () => styleColor('--line'), width: 1 },
      font: '11px system-ui, sans-serif',
    };
    return {
      ...sizeOf(host),
      legend: { show: false },
      padding: [8, 8, 0, 0],
      scales: {
        x: { time: true, range: () => [this.#range.from / 1000, this.#range.to / 1000] },
        y: { range: (_, min, max) => this.#yRange(min, max) },
      },
      axes: [
        { ...axis, size: 28, space: 70, values: (_, splits) => timeLabels(splits) },
        { ...axis, size: 64, values: (_, splits) => splits.map((value) => formatValue(value, unit)) },
      ],
      series: [
        {},
        ...lines.map((line) => ({
          label: line.name,
          stroke: line.color,
          width: 1.5,
          ...(fill > 0 && {
            fill: `${line.color}${Math.round(2.55 * fill)
              .toString(16)
              .padStart(2, '0')}`,
          }),
          // Only what has no neighbour: a line needs two.
          points: { show: true, size: 4, fill: line.color, filter: lonely },
        })),
      ],
      ...(stacked && {
        bands: lines.slice(1).map((_, index) => ({ series: [index + 2, index + 1] as [number, number] })),
      }),
      cursor: {
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
        hover: { prox: nearPixels },
        // The crosshair stands in every graph; what is selected is this graph's own.
        sync: { key: 'dashboard', filters: { pub: (type) => type !== 'mousedown' && type !== 'mouseup' } },
      },
      hooks: {
        draw: [() => this.#drawLines(), () => this.#placePoints()],
        setCursor: [() => this.#showTooltip()],
        setSelect: [
          (plot) => {
            const { left, width } = plot.select;
            if (width < 4) return;
            const at = (pixel: number): number => Math.round(1000 * plot.posToVal(pixel, 'x'));
            this.#surroundings.zoom(at(left), at(left + width));
          },
        ],
      },
    };
  }

  #yRange(dataMin: number | null, dataMax: number | null): [number, number] {
    const { min, max } = this.#panel;
    const low = min ?? Math.min(dataMin ?? 0, 0);
    const high = max ?? (dataMax ?? 0) + 0.08 * Math.abs((dataMax ?? 0) - low);
    return [low, high > low ? high : low + 1];
  }

  /** Thresholds across and annotations from top to bottom. */
  #drawLines(): void {
    const { ctx: context, bbox: box } = this.#plot;
    context.save();
    context.lineWidth = devicePixelRatio;
    context.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
    const line = (color: string, x0: number, y0: number, x1: number, y1: number): void => {
      context.strokeStyle = color;
      context.beginPath();
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
      context.stroke();
    };
    for (const { value, color } of this.#panel.thresholdLines ? this.#panel.thresholds : []) {
      if (value === null) continue;
      const y = this.#plot.valToPos(value, 'y', true);
      if (y >= box.top && y <= box.top + box.height)
        line(colorOf(color), box.left, y, box.left + box.width, y);
    }
    for (const { time, color } of this.#marks) {
      const x = this.#plot.valToPos(time / 1000, 'x', true);
      if (x < box.left || x > box.left + box.width) continue;
      line(colorOf(color), x, box.top, x, box.top + box.height);
    }
    context.restore();
  }

  /** Exemplars: links, so that a keyboard reaches them too. */
  #placePoints(): void {
    const { clientWidth: width, clientHeight: height } = this.#plot.over;
    this.#points.replaceChildren(
      ...this.#exemplars.flatMap(({ time, value, traceId }) => {
        const href = this.#surroundings.traceAddress(traceId);
        const x = this.#plot.valToPos(time, 'x');
        const y = this.#plot.valToPos(value, 'y');
        if (href === undefined || !(x >= 0 && x <= width)) return [];
        const title = `Trace ${traceId} at ${clock(1000 * time)}: ${formatValue(value, this.#panel.unit)}`;
        const point = element('a', { className: 'exemplar', href, title });
        point.setAttribute('aria-label', title);
        point.style.left = `${x}px`;
        // Above the highest line is still to be seen, at the edge.
        point.style.top = `${Math.min(Math.max(y, 0), height)}px`;
        return [point];
      }),
    );
  }

  #showTooltip(): void {
    const { idx: index, left = -1, top = -1 } = this.#plot.cursor;
    const { over } = this.#plot;
    this.#tooltip.hidden = index == null || left < 0 || !over.matches(':hover');
    if (this.#tooltip.hidden || index == null) return;
    const time = this.#plot.data[0][index] ?? 0;
    this.#tooltip.hidden = Math.abs(this.#plot.valToPos(time, 'x') - left) > nearPixels;
    const { unit, decimals } = this.#panel;
    const rows = this.#lines
      .flatMap(({ name, color }, line) => {
        const value = this.#columns[line]?.[index];
        return value == null ? [] : [{ name, color, value }];
      })
      .sort((a, b) => b.value - a.value);
    const near = this.#marks.filter(
      (mark) => Math.abs(this.#plot.valToPos(mark.time / 1000, 'x') - left) < 6,
    );
    this.#tooltip.replaceChildren(
      element('div', {}, clock(1000 * time)),
      ...near.map((mark) => element('div', { className: 'mark' }, `${clock(mark.time)} ${mark.text}`)),
      ...rows.slice(0, mostTooltipRows).map(({ name, color, value }) => {
        const swatch = element('span', { className: 'swatch' });
        swatch.style.background = color;
        return element('div', {}, swatch, name, element('b', {}, formatValue(value, unit, decimals)));
      }),
      ...(rows.length > mostTooltipRows ? [`and ${rows.length - mostTooltipRows} more`] : []),
    );
    const isRight = left + this.#tooltip.offsetWidth + 24 > over.clientWidth;
    this.#tooltip.style.left = isRight ? '' : `${left + 12}px`;
    this.#tooltip.style.right = isRight ? `${over.clientWidth - left + 12}px` : '';
    this.#tooltip.style.top = `${Math.max(0, top - 20)}px`;
  }
}

const sizeOf = (host: HTMLElement): { width: number; height: number } => ({
  width: Math.max(80, host.clientWidth),
  height: Math.max(60, host.clientHeight),
});

const timeLabels = (splits: readonly number[]): string[] => {
  const seconds = splits.length > 1 && splits[1]! - splits[0]! < 60;
  return splits.map((time) => clock(1000 * time).slice(0, seconds ? 8 : 5));
};

/** Points between two gaps. */
function lonely(plot: uPlot, seriesIndex: number): number[] {
  const values = plot.data[seriesIndex] ?? [];
  const alone: number[] = [];
  for (let index = 0; index < values.length; index += 1) {
    if (values[index] != null && values[index - 1] == null && values[index + 1] == null) alone.push(index);
  }
  return alone;
}
