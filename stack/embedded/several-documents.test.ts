// A file with several YAML documents, as generators write them: Go's decoders read the first and look no further.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseConfig as parseAlertmanager } from './alertmanager/config/config.ts';
import { readProvisioningFiles } from './grafana/provisioning/provisioning-file.ts';
import { parseConfig as parseJaeger } from './jaeger/config/config.ts';
import { parseConfig as parseLoki } from './loki/config/config.ts';
import { parseConfig as parsePrometheus } from './prometheus/config/config.ts';
import { parseRuleFile } from './prometheus/rules/rule-file.ts';

/** Neither would be taken by itself: one says what nobody knows, one is no YAML. */
const rest = '\n---\nnobody_knows: this\n---\n{broken: [\n';
const jaeger = readFileSync(join(import.meta.dirname, '../jaeger/jaeger.yaml'), 'utf8')
  .replace(/\$\{listen\.\w+\.metrics\.port\}/g, '8888')
  .replace(/\$\{listen\.[\w.]+\}/g, '127.0.0.1:1');

test.each<[string, (text: string) => unknown, string]>([
  ['prometheus.yml', (text) => parsePrometheus(text, '/'), 'global: {scrape_interval: 7s}'],
  [
    'a rule file',
    (text) => parseRuleFile(text, 'rules.yml'),
    'groups: [{name: g, rules: [{record: a, expr: b}]}]',
  ],
  ['alertmanager.yml', (text) => parseAlertmanager(text), 'route: {receiver: a}\nreceivers: [{name: a}]'],
  ['loki.yaml', parseLoki, 'auth_enabled: false\nlimits_config: {retention_period: 1h}'],
  ['jaeger.yaml', (text) => parseJaeger(text, {}), jaeger],
])('%s: the first counts, and its own mistakes are still refused', (_, parse, first) => {
  expect(parse(`${first}${rest}`)).toEqual(parse(first));
  expect(() => parse(`{broken: [${rest}`)).toThrow();
});

test('a provisioning file: the first counts', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'documents-'));
  try {
    writeFileSync(join(folder, 'sources.yaml'), `datasources: []${rest}`);
    expect((await readProvisioningFiles(folder))[0]?.content).toEqual({ datasources: [] });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
