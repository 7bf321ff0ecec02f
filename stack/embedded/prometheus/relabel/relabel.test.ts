import { describe, expect, test } from 'vitest';
import { relabelConfigs } from '../config/relabel-config.ts';
import { decodeYaml } from '../config/yaml-decoder.ts';
import { relabel } from './relabel.ts';

function apply(yaml: string, labels: Record<string, string>): Record<string, string> | 'dropped' {
  const map = new Map(Object.entries(labels));
  return relabel(map, decodeYaml(yaml, relabelConfigs, [])) ? Object.fromEntries([...map].sort()) : 'dropped';
}

describe('each action does what Prometheus does', () => {
  test.each([
    [
      'replace',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the template is Go's
      '[{source_labels: [a], regex: "f(.*)", target_label: d, replacement: "ch${1}-ch$1"}]',
      { a: 'foo' },
      { a: 'foo', d: 'choo-choo' },
    ],
    [
      'replace without match',
      '[{source_labels: [a], regex: "x(.*)", target_label: d}]',
      { a: 'foo' },
      { a: 'foo' },
    ],
    [
      'replace to empty removes',
      '[{source_labels: [a], regex: "(f).*", target_label: a, replacement: ""}]',
      { a: 'foo' },
      {},
    ],
    [
      'replace with a target from groups',
      '[{source_labels: [a], regex: "(\\\\w+)-(.*)", target_label: "x_$1", replacement: "$2"}]',
      { a: 'k-v' },
      { a: 'k-v', x_k: 'v' },
    ],
    [
      'join with separator',
      '[{source_labels: [a, b], separator: "/", target_label: c}]',
      { a: '1', b: '2' },
      { a: '1', b: '2', c: '1/2' },
    ],
    [
      'the regex is anchored',
      '[{source_labels: [a], regex: "oo", action: drop}]',
      { a: 'foo' },
      { a: 'foo' },
    ],
    ['drop', '[{source_labels: [a], regex: ".*o.*", action: drop}]', { a: 'foo' }, 'dropped'],
    ['keep', '[{source_labels: [a], regex: "bar", action: keep}]', { a: 'foo' }, 'dropped'],
    [
      'dropequal',
      '[{source_labels: [a], target_label: b, action: dropequal}]',
      { a: 'x', b: 'x' },
      'dropped',
    ],
    [
      'keepequal',
      '[{source_labels: [a], target_label: b, action: keepequal}]',
      { a: 'x', b: 'y' },
      'dropped',
    ],
    [
      'hashmod',
      '[{source_labels: [c], target_label: d, action: hashmod, modulus: 1000}]',
      { c: 'baz' },
      { c: 'baz', d: '976' },
    ],
    [
      'labelmap',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the template is Go's
      '[{regex: "(b.*)", action: labelmap, replacement: "bar_${1}"}]',
      { a: 'foo', b1: 'x' },
      { a: 'foo', b1: 'x', bar_b1: 'x' },
    ],
    ['labeldrop', '[{regex: "(b.*)", action: labeldrop}]', { a: 'foo', b1: 'x' }, { a: 'foo' }],
    ['labelkeep', '[{regex: "(b.*)", action: labelkeep}]', { a: 'foo', b1: 'x' }, { b1: 'x' }],
    [
      'lowercase',
      '[{source_labels: [a], target_label: b, action: lowercase}]',
      { a: 'FoO' },
      { a: 'FoO', b: 'foo' },
    ],
    [
      'uppercase',
      '[{source_labels: [a], target_label: b, action: uppercase}]',
      { a: 'FoO' },
      { a: 'FoO', b: 'FOO' },
    ],
  ] as [string, string, Record<string, string>, Record<string, string> | 'dropped'][])(
    '%s',
    (_title, yaml, labels, wanted) => {
      expect(apply(yaml, labels)).toEqual(wanted);
    },
  );
});

test.each([
  ['[{action: nope}]', 'unknown relabel action "nope"'],
  ['[{action: hashmod, target_label: a}]', 'relabel configuration for hashmod requires non-zero modulus'],
  ['[{source_labels: [a]}]', "relabel configuration for replace action requires 'target_label' value"],
  [
    '[{action: labeldrop, source_labels: [a]}]',
    "labeldrop action requires only 'regex', and no other fields",
  ],
  ['[{target_label: a, regex: "("}]', 'error parsing regexp: missing closing ): `'],
  ['[{target_label: a, colour: red}]', 'line 1: field colour not found in type relabel.plain'],
])('%s is refused: %s', (yaml, message) => {
  expect(() => decodeYaml(yaml, relabelConfigs, [])).toThrow(message);
});
