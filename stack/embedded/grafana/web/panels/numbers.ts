import { element } from '../dom.ts';
import { colorOf, formatValue, seriesColor, thresholdColor } from '../format.ts';
import { lastValue, type Series } from '../series.ts';
import type { PanelView } from '../view.ts';
import { type Draw, linkOf, NothingFound, seriesOf } from './panel.ts';

/** What a value is called and its colour: by mapping, else by unit and thresholds. */
export function sayValue(
  { mappings, unit, decimals, thresholds }: PanelView,
  value: number,
): { text: string; color: string | undefined } {
  const mapped = mappings[String(value)];
  const color = mapped?.color === undefined ? thresholdColor(value, thresholds) : colorOf(mapped.color);
  return { text: mapped?.text || formatValue(value, unit, decimals), color };
}

/** The last value of each series, large, over the line that led there. */
export const drawStat: Draw = (panel, host) => {
  host.classList.add('stats');
  return async (range) => {
    const series = await seriesOf(panel, range);
    const several = series.length > 1;
    const tiles = series.flatMap((one) => {
      const value = lastValue(one);
      if (value === undefined) return [];
      const { text, color } = sayValue(panel, value);
      const number = element('div', { className: 'number' }, panel.showName ? one.name : text);
      if (color !== undefined && color !== 'transparent') number.style.setProperty('--color', color);
      const href = linkOf(panel, one.labels, range);
      const tile = href === undefined ? element('div') : element('a', { href });
      tile.className = 'tile';
      if (several && !panel.showName) tile.append(element('div', { className: 'name' }, one.name));
      tile.append(number);
      if (one.values.length > 2 && !panel.showName) tile.append(sparkline(one, color ?? seriesColor(2)));
      return [tile];
    });
    if (tiles.length === 0) throw new NothingFound();
    host.replaceChildren(...tiles);
  };
};

function sparkline({ times, values }: Series, color: string): SVGElement {
  const finite = values.filter(Number.isFinite);
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const start = times[0]!;
  const length = times.at(-1)! - start || 1;
  const points = values.flatMap((value, index) => {
    if (!Number.isFinite(value)) return [];
    const x = (100 * (times[index]! - start)) / length;
    return [`${x.toFixed(1)},${(28 - 26 * (high === low ? 0.5 : (value - low) / (high - low))).toFixed(1)}`];
  });
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 100 30');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(svg.namespaceURI, 'polyline');
  line.setAttribute('points', points.join(' '));
  line.setAttribute('stroke', color);
  svg.append(line);
  return svg;
}

/** A bar for each series, as long as its value is large. */
export const drawBarGauge: Draw = (panel, host) => async (range) => {
  const values = (await seriesOf(panel, range)).flatMap((one) => {
    const value = lastValue(one);
    return value === undefined ? [] : [{ name: one.name, value }];
  });
  if (values.length === 0) throw new NothingFound();
  const longest = panel.max ?? Math.max(...values.map(({ value }) => value));
  host.replaceChildren(
    element(
      'ul',
      { className: 'bars' },
      ...values.map(({ name, value }) => {
        const { text, color } = sayValue(panel, value);
        const bar = element('div', { className: 'bar' });
        bar.style.width = `${longest > 0 ? Math.max(0, Math.min(100, (100 * value) / longest)) : 0}%`;
        bar.style.background = color ?? seriesColor(2);
        return element(
          'li',
          {},
          element('span', { className: 'name', title: name }, name),
          element('div', { className: 'track' }, bar),
          element('b', {}, text),
        );
      }),
    ),
  );
};
