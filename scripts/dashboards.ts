import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dashboardFile, dashboards } from '../stack/grafana/dashboard-sources/all.ts';

/** Writes `stack/grafana/dashboards/<uid>.json` anew from the sources; what has no source goes. */
const folder = join(import.meta.dirname, '../stack/grafana/dashboards');
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) if (name.endsWith('.json')) rmSync(join(folder, name));
for (const dashboard of dashboards)
  writeFileSync(join(folder, `${dashboard.uid}.json`), dashboardFile(dashboard));
console.log(`${dashboards.length} dashboards written to stack/grafana/dashboards`);
