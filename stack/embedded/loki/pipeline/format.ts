import { type GoTemplate, parseTemplate } from '../../go-template/index.ts';
import { GoTime } from '../../go-time/index.ts';
import type { LabelFormat, NamedLabel } from '../logql/ast.ts';
import { matcherTest } from './label-filter.ts';
import type { LineLabels } from './line-labels.ts';
import type { Instant, StageFunction } from './stage.ts';
import { templateFunctions } from './template-functions.ts';

/** What `__line__` and `__timestamp__` yield while a template runs; templates run one at a time. */
const current: { line: string; now: Instant } = { line: '', now: { seconds: 0, nanoseconds: 0 } };

const functions = {
  ...templateFunctions(),
  __line__: () => current.line,
  __timestamp__: () => new GoTime(current.now),
};

function compile(text: string, name: string, what: string): GoTemplate {
  try {
    return parseTemplate(text, { name, functions, missingKey: 'zero', maxOutputCharacters: 1 << 20 });
  } catch (error) {
    throw new Error(`invalid ${what}: ${(error as Error).message}`);
  }
}

/** Runs the template over the line's labels; an error marks the line and yields undefined. */
function run(template: GoTemplate, line: string, labels: LineLabels, now: Instant): string | undefined {
  current.line = line;
  current.now = now;
  try {
    return template.execute(new Map(labels.all()));
  } catch (error) {
    labels.fail('TemplateFormatErr', (error as Error).message);
    return undefined;
  }
}

/** `| line_format`: the line becomes what the template makes of its labels; on an error it stays. */
export function lineFormat(text: string): StageFunction {
  const template = compile(text, 'line', 'line template');
  // A label alone is looked up and not rendered, so that the error, which is none, is empty.
  const alone = /^\{\{-?\s*\.(\w+)\s*-?\}\}$/.exec(text)?.[1];
  if (alone !== undefined) return (_, labels) => labels.label(alone) ?? '';
  return (line, labels, now) => run(template, line, labels, now) ?? line;
}

/** `| label_format`: renames labels, or sets them from templates. */
export function labelFormat(formats: readonly LabelFormat[]): StageFunction {
  const seen = new Set<string>();
  for (const { name } of formats) {
    if (name === '__error__') throw new Error(`${name} cannot be formatted`);
    if (seen.has(name))
      throw new Error(`multiple label name '${name}' not allowed in a single format operation`);
    seen.add(name);
  }
  const compiled = formats.map(({ name, source, template }) => ({
    name,
    source,
    template: template === undefined ? undefined : compile(template, 'label', `template for label '${name}'`),
  }));
  return (line, labels, now) => {
    for (const { name, source, template } of compiled) {
      if (source !== undefined) {
        const value = labels.label(source);
        if (value !== undefined) {
          labels.set(name, value);
          labels.delete(source);
        }
      } else {
        const value = run(template!, line, labels, now);
        if (value !== undefined) labels.set(name, value);
      }
    }
    return line;
  };
}

/** `| drop`: removes labels by name, or where they match. */
export function dropLabels(wanted: readonly NamedLabel[]): StageFunction {
  const compiled = wanted.map(({ name, matcher }) => ({
    name,
    test: matcher === undefined ? undefined : matcherTest(matcher),
  }));
  return (line, labels) => {
    for (const { name, test } of compiled) {
      if (test !== undefined && !test(labels.get(name) ?? '')) continue;
      if (name === '__error__') labels.error = '';
      else if (name === '__error_details__') labels.errorDetails = '';
      else if (labels.label(name) !== undefined) labels.delete(name);
    }
    return line;
  };
}

/** `| keep`: removes all other labels; Loki's own (`__error__`, …) stay. */
export function keepLabels(wanted: readonly NamedLabel[]): StageFunction {
  const tests = new Map<string, (value: string) => boolean>();
  for (const { name, matcher } of wanted) {
    const test = matcher === undefined ? () => true : matcherTest(matcher);
    const before = tests.get(name);
    tests.set(name, before === undefined ? test : (value) => before(value) || test(value));
  }
  return (line, labels) => {
    for (const [name, value] of labels.all()) {
      if (name.startsWith('__') && name.endsWith('__')) continue;
      if (tests.get(name)?.(value) !== true) labels.delete(name);
    }
    return line;
  };
}

/** The escape sequences of terminals; written as a text, because a regular expression may not hold control characters. */
const ansiSequence = new RegExp(
  '[\\u001B\\u009B][[\\]()#;?]*(?:(?:(?:[a-zA-Z\\d]*(?:;[a-zA-Z\\d]*)*)?\\u0007)|' +
    '(?:(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PRZcf-ntqry=><~]))',
  'g',
);

/** `| decolorize`: removes the escape sequences that colour a terminal. */
export const decolorize: StageFunction = (line) => line.replace(ansiSequence, '');
