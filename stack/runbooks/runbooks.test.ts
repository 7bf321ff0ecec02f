import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { register as registerBreak } from '../../lab/commands/break.ts';
import { register as registerDeploy } from '../../lab/commands/deploy.ts';
import { register as registerDiagnose } from '../../lab/commands/diagnose.ts';
import { register as registerFailover } from '../../lab/commands/failover.ts';
import { register as registerHeal } from '../../lab/commands/heal.ts';
import { register as registerIncident } from '../../lab/commands/incident.ts';
import { register as registerLogs } from '../../lab/commands/logs.ts';
import { register as registerPromote } from '../../lab/commands/promote.ts';
import { register as registerSlo } from '../../lab/commands/slo.ts';
import { register as registerStatus } from '../../lab/commands/status.ts';
import { register as registerUp } from '../../lab/commands/up.ts';
import { createContext } from '../../lab/context.ts';
import { assertDiagnosable } from '../../lab/diagnose/diagnose.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import { createProgram } from '../../lab/program.ts';
import { parseQuery } from '../embedded/loki/logql/parser.ts';
import { parseExpr } from '../embedded/prometheus/promql/parser/parse.ts';
import { findComponent } from '../topology.ts';
import { type CodeSpanKind, codeSpans, linkTargets, readRunbooks } from './code-spans.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const runbooks = readRunbooks(folder);
const spans = runbooks.flatMap(codeSpans);
const texts = (kind: CodeSpanKind) => spans.filter((span) => span.kind === kind).map(({ text }) => text);

interface RuleFile {
  groups: { rules: { alert: string; annotations: Record<string, string> }[] }[];
}
const alerts = (
  parse(readFileSync(`${folder}../prometheus/rules/alerts.yml`, 'utf8')) as RuleFile
).groups.flatMap(({ rules }) => rules);

test('every alert has a runbook, every runbook an alert, and the rule leads to it', () => {
  expect(runbooks.map(({ name }) => name)).toEqual(alerts.map(({ alert }) => alert).toSorted());
  for (const { alert, annotations } of alerts) {
    expect(annotations.runbook_url).toBe(`\${url.inbox}/runbooks/${alert}`);
  }
});

test.each(runbooks)('$name says what it means, where to look and what to do', ({ name, source }) => {
  expect(source.split('\n').filter((line) => line.startsWith('#'))).toEqual([
    `# ${name}`,
    '## What it means for users',
    '## Find the cause',
    '## Repair',
  ]);
});

test.each(['DatabaseDown', 'HighErrorRate', 'HighLatency'])(
  'the search for the cause of %s begins with diagnose',
  (name) => {
    const { source = '' } = runbooks.find((one) => one.name === name) ?? {};
    const [, first] = /## Find the cause\n\n1\. (.*)/.exec(source) ?? [];
    expect(first).toContain('`npm run lab -- diagnose');
  },
);

test('a runbook links only to runbooks that exist', () => {
  const files = runbooks.map(({ name }) => `${name}.md`);
  const targets = runbooks.flatMap(linkTargets);
  expect(targets.length).toBeGreaterThan(0);
  expect(targets.filter((target) => !files.includes(target))).toEqual([]);
});

test.each(texts('promql'))('Prometheus can parse %s', (query) => {
  expect(() => parseExpr(query)).not.toThrow();
});

test.each(texts('logql'))('Loki can parse %s', (query) => {
  expect(() => parseQuery(query)).not.toThrow();
});

test('what is neither a query nor a command is a path, a component or a word with a meaning', () => {
  expect([...new Set(texts('word'))].filter((word) => findComponent(word) === undefined)).toEqual([
    'api',
    '/api/v1/auth/register',
    '<inbox>/api/watchdog',
  ]);
});

describe('commands', () => {
  const program = createProgram(createContext(new AbortController().signal));
  for (const register of [
    registerBreak,
    registerDeploy,
    registerDiagnose,
    registerHeal,
    registerIncident,
    registerLogs,
    registerPromote,
    registerFailover,
    registerSlo,
    registerStatus,
    registerUp,
  ]) {
    register(program, createContext(new AbortController().signal));
  }

  test.each(texts('command'))('%s is one that the lab has', (line) => {
    const [, name = '', ...rest] = /^npm run lab -- (\S+)(?: (.*))?$/.exec(line) ?? [];
    const words = rest[0]?.split(' ') ?? [];
    const command = program.commands.find((one) => one.name() === name) as Command;
    expect(command?.name()).toBe(name);
    const { operands, unknown } = command.parseOptions(words);
    expect(unknown).toEqual([]);
    if (name === 'break') expect(() => faultSpec(operands[0] ?? '', command.opts())).not.toThrow();
    else if (name === 'diagnose') for (const operand of operands) assertDiagnosable(operand);
    else for (const operand of operands) expect(findComponent(operand)?.id).toBe(operand);
  });
});
