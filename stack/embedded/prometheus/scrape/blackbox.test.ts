import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { page, startTarget, startTestServer, until } from '../testing/test-server.ts';

test("URLs are targets where relabelling makes addresses of them: blackbox_exporter's own configuration", async () => {
  await using exporter = await startTarget(page('probe_success 1\n'));
  await using prometheus = await startTestServer({
    'prometheus.yml': `
scrape_configs:
  - job_name: blackbox
    scrape_interval: 100ms
    scrape_timeout: 90ms
    metrics_path: /probe
    params:
      module: [http_2xx]
    static_configs:
      - targets:
          - http://prometheus.io
          - https://prometheus.io
          - http://example.com:8080
    relabel_configs:
      - source_labels: [__address__]
        target_label: __param_target
      - source_labels: [__param_target]
        target_label: instance
      - target_label: __address__
        replacement: ${exporter.address}
`,
  });
  await until(async () => (await prometheus.query('probe_success')).length === 3);
  const instances = (await prometheus.query('probe_success')).map(({ metric }) => metric.instance).sort();
  expect(instances).toEqual(['http://example.com:8080', 'http://prometheus.io', 'https://prometheus.io']);
  const asked = new Set(exporter.requests.map(({ url }) => url));
  expect(asked).toContain('/probe?module=http_2xx&target=https%3A%2F%2Fprometheus.io');
});

test('a URL that relabelling leaves one is no target; the others of its job are', async () => {
  await using shop = await startTarget(page('m 1\n'));
  await using prometheus = await startTestServer({
    'prometheus.yml': `scrape_configs: [{job_name: x, static_configs: [{targets: ['http://x:1/y', '${shop.address}']}], relabel_configs: [{target_label: a, replacement: b}]}]`,
  });
  const { activeTargets } = (await prometheus.get('targets')).body.data;
  expect(activeTargets).toHaveLength(1);
  expect(activeTargets[0].labels.instance).toBe(shop.address);
});

test('a label may say that one target of a job speaks https', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'scheme-label-'));
  const file = (name: string): string => join(directory, name);
  execFileSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-keyout', file('key.pem'), '-out', file('cert.pem')],
  ]);
  const secure = https.createServer(
    { key: readFileSync(file('key.pem')), cert: readFileSync(file('cert.pem')) },
    (_request, response) => {
      response.setHeader('Content-Type', 'text/plain');
      response.end('m{from="tls"} 1\n');
    },
  );
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  try {
    await using plain = await startTarget(page('m{from="plain"} 1\n'));
    const address = `127.0.0.1:${(secure.address() as AddressInfo).port}`;
    await using prometheus = await startTestServer({
      'prometheus.yml': `
scrape_configs:
  - job_name: mixed
    scrape_interval: 100ms
    scrape_timeout: 90ms
    tls_config: {insecure_skip_verify: true}
    static_configs:
      - targets: ['${plain.address}']
      - targets: ['${address}']
        labels: {__scheme__: https}
`,
    });
    await until(async () => (await prometheus.query('m')).length === 2);
    const { activeTargets } = (await prometheus.get('targets')).body.data;
    expect(activeTargets.map(({ scrapeUrl }: { scrapeUrl: string }) => scrapeUrl).sort()).toEqual(
      [`http://${plain.address}/metrics`, `https://${address}/metrics`].sort(),
    );
  } finally {
    secure.close();
    rmSync(directory, { recursive: true, force: true });
  }
});
