import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseTemplate } from '../../go-template/index.ts';
import { TemplateData } from './template-data.ts';
import { templateFunctions } from './template-functions.ts';

interface Recorded {
  template: string;
  text?: string;
  error?: string;
}

/** What `amtool template render` of Alertmanager 0.33.1 made of each: the methods of time.Time and of time.Duration, Go's own functions and Alertmanager's. */
const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, 'testdata/templates.json'), 'utf8'),
) as Recorded[];

const at = Date.parse;
const alert = (alertname: string, startsAt: string, endsAt: number) => ({
  labels: { alertname },
  annotations: {},
  startsAt: at(startsAt),
  endsAt,
  generatorURL: '',
  fingerprint: 'f',
});
const data = new TemplateData({
  receiver: 'r',
  reason: '',
  alerts: [
    alert('A', '2026-07-05T23:59:58.123Z', at('2026-07-06T01:30:00Z')),
    alert('B', '2026-01-31T12:00:00Z', 0),
  ] as never,
  groupLabels: { alertname: 'A' },
  externalUrl: 'http://am',
  now: at('2026-07-06T00:00:00Z'),
});

test.each(recorded)('$template', ({ template, text, error }) => {
  const render = () =>
    parseTemplate(template, { name: '', functions: templateFunctions, missingKey: 'zero' }).execute(data);
  if (error === undefined) expect(render()).toBe(text);
  else expect(render).toThrow(error);
});
