import { exploreUrl } from '../../pages/explore-url.ts';
import type { Range } from '../data.ts';
import { element, replaceKeeping, tableOf } from '../dom.ts';
import { mapDrawing } from '../service-map/map-drawing.ts';
import { countText, mostLines, placeMap, shareText } from '../service-map/map-layout.ts';
import { fetchServiceMap, judgedTraces, type ServiceMap } from '../service-map/service-map.ts';
import type { SourceView } from '../view.ts';
import { type Draw, NothingFound } from './panel.ts';

/** The services that Jaeger saw and the calls between them, as a picture and as tables of the same. */
export const drawNodeGraph: Draw = ({ targets }, host) => {
  const target = targets.find(({ serviceMap }) => serviceMap);
  return async (range) => {
    if (target === undefined) {
      throw new Error('A node graph draws a query of type "dependencyGraph" of a Jaeger data source.');
    }
    const map = await fetchServiceMap(target.source.uid, range);
    if (map.services.length === 0) throw new NothingFound();
    const hrefOf = (service: string): string => tracesOf(target.source, service, range);
    replaceKeeping(host, [mapDrawing(placeMap(map), hrefOf), tablesOf(map, hrefOf)]);
  };
};

const tracesOf = (source: SourceView, service: string, { from, to }: Range): string =>
  exploreUrl(source, service, { from: String(Math.round(from)), to: String(Math.round(to)) });

function tablesOf({ services, calls }: ServiceMap, hrefOf: (service: string) => string): HTMLElement {
  const link = (name: string): HTMLElement => {
    const made = element('a', { href: hrefOf(name) }, name);
    made.dataset.key = `row ${name}`;
    return made;
  };
  const between = calls.filter(({ from, to }) => from !== to).length;
  const details = element(
    'details',
    {},
    element('summary', {}, 'As a table'),
    tableOf(
      ['Service', 'Calls from others', 'Spans that failed'],
      services.map(({ name, received, failedShare }) => [
        link(name),
        countText(received),
        failedShare === undefined ? 'not known' : shareText(failedShare),
      ]),
    ),
    tableOf(
      ['From', 'To', 'Calls'],
      calls.map(({ from, to, count }) => [from, to, countText(count)]),
    ),
    element(
      'p',
      {},
      `Spans that failed: their share in the newest ${judgedTraces} traces of each service.`,
      between > mostLines ? ` The picture has the ${mostLines} busiest of ${between} calls.` : '',
    ),
  );
  details.dataset.key = 'table';
  return details;
}
