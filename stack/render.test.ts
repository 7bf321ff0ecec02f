// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders under test
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { paces } from './pace.ts';
import { formatDuration, renderTemplate } from './render.ts';
import { imageOf, type Placement, topology } from './topology.ts';

const at: Placement = {
  pace: paces.lab,
  address: (component, port = 'http') => {
    const number = topology.find((one) => one.id === component)?.ports[port];
    if (number === undefined) throw new Error(`there is no ${component}.${port}`);
    return `127.0.0.1:${number}`;
  },
  listen: (component, port) => at.address(component, port),
  url: (component) => `http://${at.address(component)}`,
  file: (path) => `/lab/config/${path}`,
  runbooks: () => '/lab/runbooks',
  data: (component) => `/lab/data/${component}`,
  secret: (name) => name,
  environment: () => undefined,
};

test.each([
  ['interval: ${pace.scrape_interval}', 'interval: 1s'],
  ['[${pace.burn_slow_long}]', '[3m]'],
  ['${address.api-2.http}', '127.0.0.1:8102'],
  ['${address.api-2}', '127.0.0.1:8102'],
  ['${listen.jaeger.otlp.host} ${listen.jaeger.otlp.port}', '127.0.0.1 4318'],
  ['${url.grafana}/d/x', 'http://127.0.0.1:3001/d/x'],
  ['${file.prometheus/rules.yml}', '/lab/config/prometheus/rules.yml'],
  ['${data.loki}', '/lab/data/loki'],
  ["replacement: '${1}:9090'", "replacement: '${1}:9090'"],
  ['$${__value.raw}', '$${__value.raw}'],
  ['{{ $labels.instance }} $1', '{{ $labels.instance }} $1'],
  ['# ${anything} in a comment', '# ${anything} in a comment'],
])('%s becomes %s', (template, text) => {
  expect(renderTemplate(template, at)).toBe(text);
});

test.each([
  ['${pace.scrap_interval}', 'pace.scrap_interval', 'a pace has'],
  ['${adress.api-1}', 'adress.api-1', 'placeholders begin with'],
  ['${address.api-9.http}', 'address.api-9.http', 'there is no api-9.http'],
  ['${address.api-1.http.x}', 'address.api-1.http.x', 'the parts host and port'],
  ['${}', '', 'placeholders begin with'],
])('%s is an error that names place and rule', (template, placeholder, rule) => {
  expect(() => renderTemplate(`first\n  second: ${template}`, at)).toThrow(
    expect.objectContaining({
      name: 'TemplateError',
      line: 2,
      placeholder,
      rule: expect.stringContaining(rule),
    }),
  );
});

test.each([
  [1, '1s'],
  [90, '90s'],
  [300, '5m'],
  [21_600, '6h'],
  [2_592_000, '30d'],
  [0.5, '500ms'],
  [0, '0s'],
])('%d seconds are written %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

const stack = fileURLToPath(new URL('.', import.meta.url));
const shipped = [...new Set(topology.flatMap((one) => one.config))]
  .filter((path) => existsSync(join(stack, path)))
  .flatMap((path) =>
    statSync(join(stack, path)).isDirectory()
      ? readdirSync(join(stack, path), { recursive: true, encoding: 'utf8' }).map((name) => join(path, name))
      : [path],
  )
  .filter((name) => /\.ya?ml$/.test(name) && !name.includes('rule-tests'));

test.each(shipped)('the shipped %s renders to valid YAML at both paces', (name) => {
  for (const pace of Object.values(paces)) {
    const text = renderTemplate(readFileSync(join(stack, name), 'utf8'), { ...at, pace });
    expect(parseAllDocuments(text).flatMap((document) => document.errors)).toEqual([]);
  }
});

test('no two components want the same port', () => {
  const ports = topology.flatMap((one) => Object.values(one.ports));
  expect(new Set(ports).size).toBe(ports.length);
});

test('every dependency is a component', () => {
  const ids = topology.map((one) => one.id);
  for (const component of topology) expect(ids).toEqual(expect.arrayContaining([...component.dependsOn]));
});

test('LAB_IMAGE_<NAME> replaces an image', () => {
  const prometheus = topology.find((one) => one.id === 'prometheus')!;
  expect(imageOf(prometheus, {})).toBe('prom/prometheus:v3.14.0');
  expect(imageOf(prometheus, { LAB_IMAGE_PROMETHEUS: 'local/prometheus:1' })).toBe('local/prometheus:1');
});
