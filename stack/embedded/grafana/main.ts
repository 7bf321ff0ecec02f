import { runServer } from '../http/run-server.ts';
import { startGrafana } from './server.ts';
import { readSettings } from './settings.ts';

/** The embedded Grafana: configured by Grafana's own `GF_…` variables. */
void runServer('grafana', async () => startGrafana(readSettings(process.env)));
