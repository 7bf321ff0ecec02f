import { alertsPage } from './alerts.ts';
import { commandsPage } from './commands.ts';
import { faultsPage } from './faults.ts';
import { metricsPage } from './metrics.ts';

/** Every generated page, by its path below the root. */
export async function catalogues(root: string): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['stack/METRICS.md', await metricsPage(root)],
    ['stack/ALERTS.md', alertsPage(root)],
    ['lab/docs/faults.md', faultsPage()],
    ['lab/docs/commands.md', await commandsPage(root)],
  ]);
}
