import { describe, expect, test } from 'vitest';
import { parseConfig } from './config.ts';
import { marshalConfig } from './marshal-config.ts';

const parse = (text: string) => parseConfig(text, '/base');
const job = (text: string) => `scrape_configs: [{job_name: x, ${text}}]`;

describe('a valid configuration', () => {
  test('gets the defaults of the real server', () => {
    const config = parse('scrape_configs: [{job_name: x}, {job_name: y, scrape_interval: 5s}]');
    expect(config.global).toMatchObject({
      scrapeIntervalMs: 60_000,
      scrapeTimeoutMs: 10_000,
      evaluationIntervalMs: 60_000,
    });
    expect(config.scrapeConfigs[0]).toMatchObject({
      metricsPath: '/metrics',
      scheme: 'http',
      honorTimestamps: true,
      scrapeIntervalMs: 60_000,
    });
    // A timeout that nobody chose gives way to a shorter interval.
    expect(config.scrapeConfigs[1]).toMatchObject({ scrapeIntervalMs: 5000, scrapeTimeoutMs: 5000 });
    expect(config.maxExemplars).toBe(100_000);
  });

  test('hands limits down and takes sizes in powers of two', () => {
    const config = parse(
      'global: {sample_limit: 10, body_size_limit: 1KB}\nscrape_configs: [{job_name: x}, {job_name: y, sample_limit: 20}]',
    );
    expect(
      config.scrapeConfigs.map(({ sampleLimit, bodySizeLimitBytes }) => [sampleLimit, bodySizeLimitBytes]),
    ).toEqual([
      [10, 1024],
      [20, 1024],
    ]);
  });

  test('shown again is read the same', () => {
    const text = `
global: {scrape_interval: 2s, external_labels: {b: '2', a: '1'}}
rule_files: [a.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ['am:9093']}]}]}
scrape_configs:
  - job_name: x
    params: {module: [m]}
    relabel_configs: [{source_labels: [a], regex: (.*), target_label: b, replacement: $1}]
    static_configs: [{targets: ['t:1'], labels: {env: prod}}]
`;
    const shown = marshalConfig(parse(text));
    expect(marshalConfig(parse(shown))).toBe(shown);
    expect(shown).toContain('  external_labels:\n    a: "1"\n    b: "2"\n');
  });

  test('anchors and merges work', () => {
    const config = parse(
      'scrape_configs:\n  - &x {job_name: x, scrape_interval: 5s}\n  - {<<: *x, job_name: y}\n',
    );
    expect(config.scrapeConfigs[1]).toMatchObject({ jobName: 'y', scrapeIntervalMs: 5000 });
  });
});

describe('a wrong one is refused in the words of the real server', () => {
  test.each([
    ['globl: {}', 'yaml: unmarshal errors:\n  line 1: field globl not found in type config.plain'],
    ['global:\n  scrape_intervall: 5s\n', 'line 2: field scrape_intervall not found in type config.plain'],
    ['global: {scrape_interval: 5}', 'not a valid duration string: "5"'],
    [
      'global: {scrape_interval: 5s, scrape_timeout: 6s}',
      'global scrape timeout greater than scrape interval',
    ],
    [
      job('scrape_timeout: 2m'),
      'scrape timeout greater than scrape interval for scrape config with job name "x"',
    ],
    ['scrape_configs: [{job_name: x}, {job_name: x}]', 'found multiple scrape configs with job name "x"'],
    ['scrape_configs: [{metrics_path: /x}]', 'job_name is empty'],
    [job('static_configs: [{targets: ["http://x:1"]}]'), '"http://x:1" is not a valid hostname'],
    [
      'alerting: {alertmanagers: [{static_configs: [{targets: ["http://am:9093"]}]}]}',
      '"http://am:9093" is not a valid hostname',
    ],
    [job('static_configs: {targets: [x]}'), 'line 1: cannot unmarshal !!map into []*targetgroup.Group'],
    [job('honor_labels: maybe'), 'line 1: cannot unmarshal !!str `maybe` into bool'],
    [job('sample_limit: many'), 'line 1: cannot unmarshal !!str `many` into uint'],
    [
      job('bearer_token: a, basic_auth: {username: b}'),
      'at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured',
    ],
    [
      job('authorization: {type: Basic}'),
      'authorization type cannot be set to "basic", use "basic_auth" instead',
    ],
    [job('scrape_protocols: [Smoke]'), 'unknown scrape protocol Smoke, supported: '],
    [job('file_sd_configs: [{files: [a.txt]}]'), 'path name "a.txt" is not valid for file discovery'],
    [
      job('kubernetes_sd_configs: [{role: pod}]'),
      'kubernetes_sd_configs is not supported by the embedded Prometheus',
    ],
    ['remote_write: [{url: x}]', 'remote_write is not supported by the embedded Prometheus'],
    [
      'alerting: {alertmanagers: [{api_version: v1}]}',
      'expected Alertmanager api version to be one of [v2] but got v1',
    ],
    ['a: [b', 'yaml: line 1: '],
  ])('%s: %s', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  test('every wrong field is named, each with its line', () => {
    expect(() => parse('a: 1\nglobal:\n  b: 2\n')).toThrow(
      'yaml: unmarshal errors:\n  line 1: field a not found in type config.plain\n  line 3: field b not found in type config.plain',
    );
  });
});
