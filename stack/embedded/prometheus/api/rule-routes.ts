import { createHash } from 'node:crypto';
import type { ParserOptions } from '../promql/parser/parse.ts';
import { parseExpr } from '../promql/parser/parse.ts';
import { formatQuery } from '../promql/parser/pretty.ts';
import { printExpr } from '../promql/parser/print.ts';
import type { Alert } from '../rules/alerting-rule.ts';
import type { EvaluatedRule, RuleGroup } from '../rules/rule-group.ts';
import type { RuleManager } from '../rules/rule-manager.ts';
import type { Matcher } from '../storage/queryable.ts';
import { invalidParameter, messageOf } from './api-error.ts';
import { matcherSets, parseBoolean } from './parameters.ts';
import { rfc3339 } from './rfc3339.ts';
import type { Routing } from './routing.ts';
import { translateExpr } from './translate-expr.ts';

/** `/rules`, `/alerts`, `/format_query`, `/parse_query`. */
export function addRuleRoutes(routing: Routing, rules: RuleManager, parser: ParserOptions): void {
  routing.api(['GET'], '/alerts', () => ({
    data: {
      alerts: rules.groups.flatMap((group) =>
        group.rules.flatMap(({ rule }) =>
          rule.kind === 'alerting' ? rule.activeAlerts.map(renderAlert) : [],
        ),
      ),
    },
  }));

  routing.api(['GET'], '/rules', (parameters) => {
    const type = (parameters.get('type') ?? '').toLowerCase();
    if (!['', 'alert', 'record'].includes(type))
      throw invalidParameter('type', `not supported value ${JSON.stringify(parameters.get('type'))}`);
    let excludeAlerts = false;
    const exclude = parameters.get('exclude_alerts') ?? '';
    if (exclude !== '') {
      try {
        excludeAlerts = parseBoolean(exclude);
      } catch (error) {
        throw invalidParameter('exclude_alerts', `error converting exclude_alerts: ${messageOf(error)}`);
      }
    }
    const sets = matcherSets(parameters.getAll('match[]'));
    const names = new Set(parameters.getAll('rule_name[]'));
    const files = new Set(parameters.getAll('file[]'));
    const wantedGroups = new Set(parameters.getAll('rule_group[]'));
    const { limit, token } = page(parameters);
    const wanted = (entry: EvaluatedRule): boolean => {
      const { kind, name, labels } = entry.rule.definition;
      if (type !== '' && (type === 'alert') !== (kind === 'alerting')) return false;
      if (names.size > 0 && !names.has(name)) return false;
      return sets.length === 0 || sets.some((set) => matchesLabels(set, labels));
    };

    const groups: object[] = [];
    let next: string | undefined;
    let found = token === '';
    for (const group of rules.groups) {
      if (wantedGroups.size > 0 && !wantedGroups.has(group.definition.name)) continue;
      if (files.size > 0 && !files.has(group.definition.file)) continue;
      const key = tokenOf(group);
      if (!found && key !== token) continue;
      found = true;
      const chosen = group.rules.filter(wanted);
      // A group that the filters empty is left out, one that has no rules is not.
      if (chosen.length === 0 && group.rules.length > 0) continue;
      if (limit > 0 && groups.length === limit) {
        next = key;
        break;
      }
      groups.push(renderGroup(group, chosen, excludeAlerts, parser));
    }
    if (!found)
      throw invalidParameter(
        'group_next_token',
        `invalid group_next_token '${token}'. were rule groups changed?`,
      );
    return { data: next === undefined ? { groups } : { groups, groupNextToken: next } };
  });

  /** A query put through a function of the parser; what that refuses is the parameter's fault. */
  const parsed =
    (read: (text: string) => unknown) =>
    (parameters: URLSearchParams): { data: unknown } => {
      try {
        return { data: read(parameters.get('query') ?? '') };
      } catch (error) {
        throw invalidParameter('query', error);
      }
    };
  routing.api(
    ['GET', 'POST'],
    '/format_query',
    parsed((text) => formatQuery(text, parser)),
  );
  routing.api(
    ['GET', 'POST'],
    '/parse_query',
    parsed((text) => translateExpr(parseExpr(text, parser))),
  );
}

function page(parameters: URLSearchParams): { limit: number; token: string } {
  const token = parameters.get('group_next_token') ?? '';
  const text = parameters.get('group_limit') ?? '';
  if (text === '') {
    if (token !== '')
      throw invalidParameter(
        'group_limit',
        'group_limit needs to be present in order to paginate over the groups',
      );
    return { limit: 0, token };
  }
  if (!/^[+-]?\d+$/.test(text)) {
    throw invalidParameter(
      'group_limit',
      `group_limit needs to be a valid number: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  if (Number(text) <= 0) throw invalidParameter('group_limit', 'group_limit needs to be greater than 0');
  return { limit: Number(text), token };
}

function tokenOf(group: RuleGroup): string {
  return createHash('sha1').update(`${group.definition.file};${group.definition.name}`).digest('hex');
}

/** Templates in labels are not matched by their text, as in Prometheus. */
function matchesLabels(matchers: readonly Matcher[], labels: Readonly<Record<string, string>>): boolean {
  return matchers.every((matcher) => {
    const value = labels[matcher.name] ?? '';
    return !value.includes('{{') && matcher.matches(value);
  });
}

function renderGroup(
  group: RuleGroup,
  rules: readonly EvaluatedRule[],
  excludeAlerts: boolean,
  parser: ParserOptions,
): object {
  return {
    name: group.definition.name,
    file: group.definition.file,
    rules: rules.map((entry) => renderRule(entry, excludeAlerts, parser)),
    interval: group.intervalMs / 1000,
    limit: group.definition.limit,
    evaluationTime: group.evaluationSeconds,
    lastEvaluation: rfc3339(group.lastEvaluationMs),
  };
}

const formatted = new Map<string, string>();

function formattedExpr(text: string, parser: ParserOptions): string {
  let result = formatted.get(text);
  if (result === undefined) {
    result = printExpr(parseExpr(text, parser));
    if (formatted.size > 5000) formatted.clear();
    formatted.set(text, result);
  }
  return result;
}

function sorted(labels: Readonly<Record<string, string>>): object {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function renderRule(entry: EvaluatedRule, excludeAlerts: boolean, parser: ParserOptions): object {
  const { rule } = entry;
  const { definition } = rule;
  const query = formattedExpr(definition.expr, parser);
  const common = {
    health: entry.health,
    ...(entry.lastError === '' ? {} : { lastError: entry.lastError }),
    evaluationTime: entry.evaluationSeconds,
    lastEvaluation: rfc3339(entry.lastEvaluationMs),
  };
  if (rule.kind === 'recording') {
    const labels = Object.keys(definition.labels).length === 0 ? {} : { labels: sorted(definition.labels) };
    return { name: definition.name, query, ...labels, ...common, type: 'recording' };
  }
  return {
    state: rule.state,
    name: definition.name,
    query,
    duration: definition.forMs / 1000,
    keepFiringFor: definition.keepFiringForMs / 1000,
    labels: sorted(definition.labels),
    annotations: sorted(definition.annotations),
    alerts: excludeAlerts ? null : rule.activeAlerts.map(renderAlert),
    ...common,
    type: 'alerting',
  };
}

function renderAlert(alert: Alert): object {
  return {
    labels: alert.labels,
    annotations: alert.annotations,
    state: alert.state,
    activeAt: rfc3339(alert.activeAtMs),
    keepFiringSince: alert.keepFiringSinceMs === undefined ? undefined : rfc3339(alert.keepFiringSinceMs),
    value: exponent(alert.value),
  };
}

/** Go's strconv.FormatFloat(value, 'e', -1, 64), which alerts' values are shown in. */
function exponent(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const text = Object.is(value, -0) ? '-0e+0' : value.toExponential();
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}
