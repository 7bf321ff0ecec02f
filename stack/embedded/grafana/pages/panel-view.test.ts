import { expect, test } from 'vitest';
import type { DataSource } from '../provisioning/data-sources.ts';
import { panelViews } from './panel-view.ts';

const sources: DataSource[] = ['prometheus', 'jaeger'].map((type, index) => ({
  id: index + 1,
  uid: type,
  name: type,
  type,
  access: 'proxy',
  url: 'http://127.0.0.1:1',
  isDefault: index === 0,
  jsonData: {},
}));
const viewOf = (panel: object) =>
  panelViews([panel], { sources, values: {}, range: { from: 'now-15m', to: 'now' } })[0]!;

test('the query of a service map asks for no trace, and runs in Explore as one', () => {
  const query = { queryType: 'dependencyGraph' };
  const { problem, targets } = viewOf({ type: 'nodeGraph', datasource: 'jaeger', targets: [query] });
  expect(problem).toBeUndefined();
  expect(targets).toMatchObject([{ serviceMap: true, written: 'dependencyGraph' }]);
  const { panes } = Object.fromEntries(new URL(targets[0]!.explore, 'http://x').searchParams);
  expect(JSON.parse(panes ?? '')).toMatchObject({ a: { datasource: 'jaeger', queries: [query] } });
});

test.each([
  ['jaeger', 'A query of type "dependencyGraph" is drawn by a panel of type "nodeGraph".', true],
  ['prometheus', undefined, false],
])('in a table, the same query of %s', (datasource, problem, serviceMap) => {
  const view = viewOf({ type: 'table', datasource, targets: [{ queryType: 'dependencyGraph', expr: 'up' }] });
  expect(view.problem).toBe(problem);
  expect(view.targets).toMatchObject([{ serviceMap }]);
});
