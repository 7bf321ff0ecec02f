import { Graph, layout } from '@dagrejs/dagre';
import { formatValue } from '../format.ts';
import type { Call, MappedService, ServiceMap } from './service-map.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A service as a box with lines of text; `x` and `y` are its middle. */
export interface PlacedService extends Point {
  readonly service: MappedService;
  readonly lines: readonly string[];
  readonly width: number;
  readonly height: number;
}

/** A call as a line from box to box, and the middle of its count. */
export interface PlacedCall {
  readonly call: Call;
  readonly points: readonly Point[];
  readonly label: Point;
}

export interface PlacedMap {
  readonly width: number;
  readonly height: number;
  readonly services: readonly PlacedService[];
  readonly calls: readonly PlacedCall[];
}

/** More lines than these, and no eye can follow one. */
export const mostLines = 100;
export const lineHeight = 17;

export const countText = (count: number): string => count.toLocaleString('en');
export const shareText = (share: number): string => formatValue(share, 'percentunit');

/** What a box says below the name of its service. */
function linesOf({ name, received, failedShare }: MappedService, calls: readonly Call[]): string[] {
  const own = calls.find(({ from, to }) => from === name && to === name);
  return [
    received === 0 ? 'called by no other' : `${countText(received)} calls`,
    ...(own === undefined ? [] : [`${countText(own.count)} within itself`]),
    ...(failedShare === undefined ? [] : [`${shareText(failedShare)} of spans failed`]),
  ];
}

/**
 * From left to right in layers, callers before what they call. What a service calls in itself is a line of text in its
 * box. All lengths are in pixels.
 */
export function placeMap({ services, calls }: ServiceMap): PlacedMap {
  const graph = new Graph({ directed: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 34, ranksep: 50, marginx: 8, marginy: 8 });
  // By number: a service may be called as it likes.
  const keys = new Map(services.map(({ name }, index) => [name, String(index)]));
  const texts = services.map((service) => linesOf(service, calls));
  for (const [index, { name }] of services.entries()) {
    const lines = texts[index]!;
    const widest = Math.max(8.5 * name.length, ...lines.map(({ length }) => 7.2 * length));
    graph.setNode(String(index), { width: 24 + widest, height: 18 + lineHeight * (1 + lines.length) });
  }
  const between = calls.filter(({ from, to }) => from !== to).slice(0, mostLines);
  for (const { from, to, count } of between) {
    const label = { width: 16 + 8 * countText(count).length, height: 18, labelpos: 'c' as const };
    graph.setEdge(keys.get(from)!, keys.get(to)!, label);
  }
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    services: services.map((service, index) => {
      const box = graph.node(String(index)) as Point & { width: number; height: number };
      return { service, lines: texts[index]!, x: box.x, y: box.y, width: box.width, height: box.height };
    }),
    calls: between.map((call) => {
      const line = graph.edge(keys.get(call.from)!, keys.get(call.to)!) as Point & { points: Point[] };
      return { call, points: line.points, label: { x: line.x, y: line.y } };
    }),
  };
}
