import { accessSync, constants, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { NotWritable, ReportInvalid } from '../../errors.ts';
import { makeFolder } from '../../state/make-folder.ts';
import { junitXml } from './junit.ts';
import schema from './report.schema.json' with { type: 'json' };
import type { RunReport } from './report.ts';
import { summaryMarkdown } from './summary.ts';

/** Writes `report.json`, `junit.xml` and `summary.md`. The report is held against its schema first. */
export function writeReport(directory: string, report: RunReport): void {
  const problem = schemaProblem(report);
  if (problem !== undefined) throw new ReportInvalid(problem);
  writing(directory, () => {
    writeFileSync(join(directory, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
    writeFileSync(join(directory, 'junit.xml'), junitXml(report));
    writeFileSync(join(directory, 'summary.md'), summaryMarkdown(report));
  });
}

/** Makes the folder of a report. `LAB_NOT_WRITABLE` before the minutes of a run are spent, and not after. */
export function prepareReport(directory: string): void {
  writing(directory, () => accessSync(directory, constants.W_OK));
}

function writing(directory: string, work: () => void): void {
  try {
    makeFolder(directory);
    work();
  } catch (error) {
    throw new NotWritable(directory, (error as NodeJS.ErrnoException).code ?? String(error), {
      cause: error,
    });
  }
}

/** Where a value departs from `report.schema.json`, or undefined. */
export function schemaProblem(report: unknown): string | undefined {
  const ajv = new Ajv2020({ allErrors: false, strict: true, formats: { 'date-time': isDateTime } });
  const validate = ajv.compile(schema);
  if (validate(report)) return undefined;
  const error = validate.errors?.[0];
  return `${error?.instancePath || '/'} ${error?.message ?? 'is not valid'}`;
}

function isDateTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) && !Number.isNaN(Date.parse(text));
}
