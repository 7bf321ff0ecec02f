import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { authentication } from './authentication.ts';
import { business } from './business.ts';
import { database } from './database.ts';
import { debug } from './debug.ts';
import { executive } from './executive.ts';
import { instance } from './instance.ts';
import { resilience } from './resilience.ts';
import { service } from './service.ts';
import { slo } from './slo.ts';
import { telemetry } from './telemetry.ts';

export const dashboards: readonly Dashboard[] = [
  executive,
  service,
  authentication,
  database,
  instance,
  resilience,
  debug,
  slo,
  business,
  telemetry,
];

/** The file that a dashboard becomes. */
export function dashboardFile(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
