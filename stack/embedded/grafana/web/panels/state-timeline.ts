import type { Range } from '../data.ts';
import { clock, element } from '../dom.ts';
import { type Series, stretchesOf } from '../series.ts';
import type { PanelView } from '../view.ts';
import { sayValue } from './numbers.ts';
import { type Draw, linkOf, seriesOf } from './panel.ts';

/** A lane for each series, in the colour of its state. */
export const drawStateTimeline: Draw = (panel, host) => async (range, asked) => {
  const [series, marks] = await Promise.all([seriesOf(panel, range), asked]);
  const place = (ms: number): number => (100 * (ms - range.from)) / (range.to - range.from);
  host.replaceChildren(
    element(
      'ul',
      { className: 'lanes' },
      ...series.map((one) => {
        const lane = laneOf(panel, one, range, place);
        for (const mark of marks) {
          if (mark.time < range.from || mark.time > range.to) continue;
          const line = element('i', { title: `${clock(mark.time)} ${mark.text}` });
          line.style.left = `${place(mark.time)}%`;
          lane.append(line);
        }
        const href = linkOf(panel, one.labels, range);
        const name = href === undefined ? one.name : element('a', { href }, one.name);
        return element('li', {}, element('span', { className: 'name' }, name), lane);
      }),
    ),
    element(
      'div',
      { className: 'ends' },
      element('span', {}, clock(range.from)),
      element('span', {}, clock(range.to)),
    ),
  );
};

function laneOf(panel: PanelView, series: Series, range: Range, place: (ms: number) => number): HTMLElement {
  const stretches = stretchesOf(series, range.stepSeconds);
  const lane = element('div', { className: 'lane' });
  lane.setAttribute('role', 'img');
  const words = stretches.map(
    ({ from, to, value }) => `${sayValue(panel, value).text} ${clock(1000 * from)} to ${clock(1000 * to)}`,
  );
  lane.setAttribute('aria-label', `${series.name}: ${words.slice(-12).join(', ')}`);
  for (const [index, { from, to, value }] of stretches.entries()) {
    const piece = element('span', { title: words[index]! });
    const left = Math.max(0, place(1000 * from));
    piece.style.left = `${left}%`;
    piece.style.width = `${Math.max(0, Math.min(100, place(1000 * to)) - left)}%`;
    piece.style.background = sayValue(panel, value).color ?? '#888';
    lane.append(piece);
  }
  return lane;
}
