import {
  countText,
  lineHeight,
  type PlacedCall,
  type PlacedMap,
  type PlacedService,
  type Point,
} from './map-layout.ts';

type Attributes = Readonly<Record<string, string | number>>;

function svg(name: string, attributes: Attributes, ...children: (Node | string)[]): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

let drawings = 0;

/** The map as a picture: each service is a link, each line an arrow from the caller to the called. */
export function mapDrawing(map: PlacedMap, hrefOf: (service: string) => string): SVGElement {
  const { width, height, services, calls } = map;
  drawings += 1;
  const arrow = `arrow-${drawings}`;
  const busiest = Math.max(1, ...calls.map(({ call }) => call.count));
  const drawing = svg(
    'svg',
    { class: 'service-map', viewBox: `0 0 ${width} ${height}`, role: 'group', 'aria-label': 'Service map' },
    svg(
      'defs',
      {},
      svg(
        'marker',
        {
          id: arrow,
          viewBox: '0 0 10 10',
          refX: 9,
          refY: 5,
          markerWidth: 11,
          markerHeight: 11,
          markerUnits: 'userSpaceOnUse',
          orient: 'auto',
        },
        svg('path', { d: 'M0 0L10 5L0 10z' }),
      ),
    ),
    ...calls.map((call) => lineOf(call, arrow, busiest)),
    ...calls.map(({ call, label }) => middleText(countText(call.count), label, 'count')),
    ...services.map((placed) => boxOf(placed, hrefOf(placed.service.name))),
  );
  // As large as it is read best, and smaller where there is less room; then it scrolls.
  drawing.style.maxWidth = `${1.3 * width}px`;
  drawing.style.minWidth = `${0.75 * width}px`;
  return drawing;
}

const near = ({ x, y }: Point): string => `${x.toFixed(1)} ${y.toFixed(1)}`;

/** Curved: through the middles between the points that the layout leads it over. */
export function pathOf(points: readonly Point[]): string {
  const [first, ...others] = points;
  const last = others.at(-1);
  if (first === undefined || last === undefined) return '';
  const bends = others.slice(0, -1).map((point, index) => {
    const next = others[index + 1]!;
    const end = next === last ? last : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    return `Q${near(point)} ${near(end)}`;
  });
  return `M${near(first)}${bends.join('') || `L${near(last)}`}`;
}

function lineOf({ call, points }: PlacedCall, arrow: string, busiest: number): SVGElement {
  const title = svg('title', {}, `${call.from} calls ${call.to}: ${countText(call.count)}`);
  return svg(
    'path',
    {
      class: 'call',
      d: pathOf(points),
      'stroke-width': (1 + (2 * call.count) / busiest).toFixed(2),
      'marker-end': `url(#${arrow})`,
    },
    title,
  );
}

function boxOf({ service, lines, x, y, width, height }: PlacedService, href: string): SVGElement {
  const { name, failedShare = 0 } = service;
  const [left, top] = [x - width / 2, y - height / 2];
  const row = (text: string, index: number, className: string): SVGElement =>
    svg('tspan', { x, y: top + 6 + lineHeight * (index + 0.5), class: className }, text);
  const box = svg(
    'a',
    { href, class: failedShare > 0 ? 'service failing' : 'service' },
    svg('rect', { x: left, y: top, width, height, rx: 4 }),
    // With a space between the lines, as a screen reader says them.
    svg(
      'text',
      { 'text-anchor': 'middle', 'dominant-baseline': 'central' },
      row(name, 0, 'name'),
      ...lines.flatMap((line, index) => [
        svg('tspan', { 'font-size': 0 }, ' '),
        row(line, index + 1, 'line'),
      ]),
    ),
    // As wide as the share that failed.
    svg('rect', { class: 'failed', x: left, y: top + height - 5, width: width * failedShare, height: 5 }),
  );
  box.dataset.key = `service ${name}`;
  return box;
}

const middleText = (text: string, { x, y }: Point, name: string): SVGElement =>
  svg('text', { x, y, class: name, 'text-anchor': 'middle', 'dominant-baseline': 'central' }, text);
