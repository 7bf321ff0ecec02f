import { clock, element, styleColor } from '../dom.ts';
import { formatValue } from '../format.ts';
import { type Buckets, bucketsOf } from '../series.ts';
import type { PanelView } from '../view.ts';
import { type Draw, seriesOf } from './panel.ts';

/** A histogram over time: the more in a bucket, the stronger its colour. */
export const drawHeatmap: Draw = (panel, host) => {
  const canvas = element('canvas', { className: 'heatmap' });
  const tooltip = element('div', { className: 'tooltip', hidden: true });
  host.append(canvas, tooltip);
  return async (range) => {
    const buckets = bucketsOf(await seriesOf(panel, range));
    const cells = paint(canvas, panel, buckets, range.from / 1000, range.to / 1000, range.stepSeconds);
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', `${panel.title}: ${busiest(panel, buckets)}`);
    canvas.onmousemove = ({ offsetX, offsetY }) => {
      const cell = cells(offsetX, offsetY);
      tooltip.hidden = cell === undefined;
      if (cell === undefined) return;
      tooltip.textContent = `${clock(1000 * cell.time)} · up to ${formatValue(cell.bound, panel.unit)} · ${formatValue(cell.count, 'short')}`;
      tooltip.style.left = `${Math.min(offsetX + 12, host.clientWidth - 200)}px`;
      tooltip.style.top = `${Math.max(0, offsetY - 30)}px`;
    };
    canvas.onmouseleave = () => {
      tooltip.hidden = true;
    };
  };
};

function busiest({ unit }: PanelView, { rows }: Buckets): string {
  const sums = rows.map(({ bound, counts }) => ({
    bound,
    sum: counts.reduce<number>((sum, count) => sum + (count ?? 0), 0),
  }));
  const most = sums.sort((a, b) => b.sum - a.sum)[0];
  return most === undefined || most.sum === 0
    ? 'empty'
    : `most are in the bucket up to ${formatValue(most.bound, unit)}`;
}

const left = 64;
const bottom = 18;

function paint(
  canvas: HTMLCanvasElement,
  { unit }: PanelView,
  { times, rows }: Buckets,
  from: number,
  to: number,
  step: number,
): (x: number, y: number) => { time: number; bound: number; count: number } | undefined {
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = width * devicePixelRatio;
  canvas.height = height * devicePixelRatio;
  const context = canvas.getContext('2d')!;
  context.scale(devicePixelRatio, devicePixelRatio);
  // Buckets that nothing ever falls into take no room, except between two that are used.
  const used = rows.map(({ counts }) => counts.some((count) => (count ?? 0) > 0));
  const shown = rows.slice(Math.max(0, used.indexOf(true)), used.lastIndexOf(true) + 1);
  const rowHeight = (height - bottom) / Math.max(1, shown.length);
  const cellWidth = Math.max(1, ((width - left) * step) / (to - from));
  const placeOf = (time: number): number => left + ((width - left) * (time - from)) / (to - from);
  const most = shown.reduce(
    (max, { counts }) => counts.reduce<number>((high, count) => Math.max(high, count ?? 0), max),
    0,
  );
  for (const [row, { counts }] of shown.entries()) {
    const y = height - bottom - (row + 1) * rowHeight;
    for (const [index, time] of times.entries()) {
      const count = counts[index] ?? 0;
      const x = placeOf(time);
      if (count <= 0 || x < left) continue;
      context.fillStyle = `rgba(255, 120, 10, ${0.12 + 0.88 * Math.sqrt(count / most)})`;
      context.fillRect(x, y, Math.max(0.5, cellWidth - 0.5), Math.max(1, rowHeight - 1));
    }
  }
  context.fillStyle = styleColor('--faint');
  context.font = '11px system-ui, sans-serif';
  const every = Math.max(1, Math.ceil(14 / rowHeight));
  for (const [row, { bound }] of shown.entries()) {
    if (row % every !== 0) continue;
    context.textAlign = 'right';
    context.fillText(
      formatValue(bound, unit),
      left - 6,
      height - bottom - row * rowHeight - rowHeight / 2 + 4,
    );
  }
  context.textAlign = 'left';
  context.fillText(clock(1000 * from), left, height - 4);
  context.textAlign = 'right';
  context.fillText(clock(1000 * to), width, height - 4);
  return (x, y) => {
    const row = shown[Math.floor((height - bottom - y) / rowHeight)];
    const index = times.findIndex((time) => x >= placeOf(time) && x < placeOf(time) + cellWidth);
    return row === undefined || index === -1
      ? undefined
      : { time: times[index]!, bound: row.bound, count: row.counts[index] ?? 0 };
  };
}
