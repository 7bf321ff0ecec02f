import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LiveTargets {
  close(): Promise<void>;
}

/** Free ports, in ascending order. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => listen(server, 0)));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(stop));
  return ports.sort((a, b) => a - b);
}

/** Between two scrapes; the counters of the recorded shop grew by as much each time. */
const scrapeIntervalMs = 2000;
/** The recorded shop counted ten times a second, and had counted for five seconds. */
const ticksAScrape = 20;
const ticksBefore = 51;

/** The targets of the recordings, rebuilt: a shop whose counters grow steadily, a page of garbage, an Alertmanager. */
export async function startLiveTargets(ports: {
  readonly shopPort: number;
  readonly alertmanagerPort: number;
}): Promise<LiveTargets> {
  let firstScrapeMs: number | undefined;
  const shop = createServer((request, response) => {
    if (request.url === '/garbage') {
      response.setHeader('Content-Type', 'text/plain; version=0.0.4');
      response.end('this is not metrics\n');
    } else if (request.url === '/metrics') {
      firstScrapeMs ??= Date.now();
      // By turns, not by the clock: a scrape that is some milliseconds late finds the same counts.
      const turn = Math.round((Date.now() - firstScrapeMs) / scrapeIntervalMs);
      response.setHeader('Content-Type', 'application/openmetrics-text; version=1.0.0; charset=utf-8');
      response.end(shopMetrics((ticksBefore + turn * ticksAScrape) / 10));
    } else response.writeHead(404).end();
  });
  const alertmanager = createServer((request, response) => {
    request.resume();
    response.end();
  });
  await Promise.all([listen(shop, ports.shopPort), listen(alertmanager, ports.alertmanagerPort)]);
  return {
    close: async () => {
      await Promise.all([stop(shop), stop(alertmanager)]);
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function shopMetrics(seconds: number): string {
  const count = Math.round(30 * seconds);
  const trace = count.toString(16);
  const exemplar = `# {trace_id="${trace.padStart(32, '0')}",span_id="${trace.padStart(16, '0')}"} ${[0.1, 0.7, 0.4][count % 3]}`;
  const request = (method: string, code: string, value: number): string =>
    `http_requests_total{method="${method}",path="/items",code="${code}"} ${value} ${exemplar}`;
  return [
    '# HELP build Build info.',
    '# TYPE build info',
    'build_info{version="1.2.3",note="quote \\" backslash \\\\ nl \\n ü"} 1',
    '# TYPE dropme_x gauge',
    'dropme_x 1',
    '# HELP http_requests Total HTTP requests.',
    '# TYPE http_requests counter',
    request('GET', '200', count),
    request('GET', '500', Math.round(20 * seconds)),
    request('POST', '201', Math.round(10 * seconds)),
    '# HELP request_duration_seconds Latency.',
    '# TYPE request_duration_seconds histogram',
    '# UNIT request_duration_seconds seconds',
    `request_duration_seconds_bucket{path="/items",le="0.1"} ${Math.round(5 * seconds)}`,
    `request_duration_seconds_bucket{path="/items",le="0.5"} ${Math.round(9 * seconds)}`,
    `request_duration_seconds_bucket{path="/items",le="1.0"} ${Math.round(11 * seconds)}`,
    `request_duration_seconds_bucket{path="/items",le="+Inf"} ${Math.round(11 * seconds)}`,
    `request_duration_seconds_count{path="/items"} ${Math.round(11 * seconds)}`,
    `request_duration_seconds_sum{path="/items"} ${3 * seconds}`,
    '# HELP queue_depth Items waiting.',
    '# TYPE queue_depth gauge',
    'queue_depth{queue="orders"} 1234.5',
    'queue_depth{queue="mail"} 3',
    '# HELP rpc_seconds RPC \\"time\\" with \\\\ and\\nnewline',
    '# TYPE rpc_seconds summary',
    'rpc_seconds{quantile="0.5"} 0.1',
    'rpc_seconds{quantile="0.99"} 0.4',
    `rpc_seconds_sum ${seconds}`,
    `rpc_seconds_count ${count}`,
    '# EOF',
    '',
  ].join('\n');
}
