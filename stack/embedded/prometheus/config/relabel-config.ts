import { compileRegexp } from '../../regexp/regexp.ts';
import type { RelabelAction, RelabelRule } from '../relabel/relabel.ts';
import { ConfigError, type Decoder, finished, integer, list, string, struct } from './yaml-decoder.ts';

interface RawRelabel {
  source_labels: string[];
  separator: string;
  regex: string;
  modulus: number;
  target_label: string;
  replacement: string;
  action: string;
}

const actions: readonly RelabelAction[] = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
];

const defaultPattern = '(.*)';

/** `relabel_configs` and its kin, with Prometheus' rules on which field goes with which action. */
export const relabelConfigs: Decoder<RelabelRule[]> = list(
  finished(
    struct<RawRelabel>('relabel.plain', {
      source_labels: list(string),
      separator: string,
      regex: string,
      modulus: integer('uint64'),
      target_label: string,
      replacement: string,
      action: string,
    }),
    complete,
  ),
  '[]*relabel.Config',
);

function complete(raw: Partial<RawRelabel>): RelabelRule {
  const action = (raw.action ?? 'replace').toLowerCase() as RelabelAction;
  if (!actions.includes(action))
    throw new ConfigError(`unknown relabel action ${JSON.stringify(raw.action)}`);
  const pattern = raw.regex ?? defaultPattern;
  const targetLabel = raw.target_label ?? '';
  const replacement = raw.replacement ?? '$1';
  const separator = raw.separator ?? ';';
  const sourceLabels = raw.source_labels ?? [];
  const modulus = raw.modulus ?? 0;
  const refuse = (message: string): never => {
    throw new ConfigError(message);
  };
  if (action === 'hashmod' && modulus === 0)
    refuse('relabel configuration for hashmod requires non-zero modulus');
  const needsTarget: RelabelAction[] = [
    'replace',
    'hashmod',
    'lowercase',
    'uppercase',
    'keepequal',
    'dropequal',
  ];
  if (needsTarget.includes(action) && targetLabel === '') {
    refuse(`relabel configuration for ${action} action requires 'target_label' value`);
  }
  const onlySource =
    raw.regex === undefined &&
    raw.modulus === undefined &&
    raw.separator === undefined &&
    raw.replacement === undefined;
  if ((action === 'keepequal' || action === 'dropequal') && !onlySource) {
    refuse(`${action} action requires only 'source_labels' and \`target_label\`, and no other fields`);
  }
  const onlyRegex =
    sourceLabels.length === 0 &&
    targetLabel === '' &&
    raw.modulus === undefined &&
    raw.separator === undefined &&
    raw.replacement === undefined;
  if ((action === 'labeldrop' || action === 'labelkeep') && !onlyRegex) {
    refuse(`${action} action requires only 'regex', and no other fields`);
  }
  return {
    action,
    sourceLabels,
    separator,
    regex: compileRegexp(pattern, { anchored: true }),
    pattern,
    modulus,
    targetLabel,
    replacement,
  };
}
