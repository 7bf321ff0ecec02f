import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { UsageError } from '../errors.ts';
import { faultCatalogue, faultSpec } from '../faults/catalogue.ts';
import { maxTtlMs } from '../faults/fault.ts';
import { describeFault } from '../faults/heal.ts';
import { injectFault } from '../faults/inject.ts';
import { markOnDashboards } from '../observe/mark.ts';
import { Workshop } from '../workshop.ts';

interface Options {
  target?: string;
  for: string;
}

/** `break`: one fault by hand. It stays until it is healed or its time is over. */
export function register(program: Command, context: LabContext): void {
  program
    .command('break')
    .description('break something by hand; without a name, show what can be broken')
    .argument('[fault]', 'a fault of the catalogue')
    .argument('[parameters...]', 'as name=value')
    .option('--target <component>', 'what to break')
    .option('--for <duration>', 'when it ends by itself, such as 90s or 10m; at most 30m', '30m')
    .action(async (fault: string | undefined, parameters: string[], options: Options) => {
      if (fault === undefined) return showCatalogue(context);
      const ttlMs = parseTtl(options.for);
      const params = parseParameters(fault, parameters);
      const spec = faultSpec(fault, { params, target: options.target });
      const workshop = new Workshop(context, await context.running());
      await workshop.healLeftovers();
      const entry = await injectFault({ lab: workshop.lab, signal: context.signal }, workshop.journal, spec, {
        ttlMs,
        owner: { kind: 'person' },
      });
      await markOnDashboards(
        workshop.backends,
        { text: `Break: ${describeFault(spec)}`, tags: ['break'] },
        { signal: context.signal, note: context.ui.note },
      );
      context.ui.result({ ...entry, description: describeFault(spec) }, () => {
        context.ui.line(`Broken: ${describeFault(spec)}.`);
        const ends = faultCatalogue.find((kind) => kind.id === fault)?.endsByItself === true;
        context.ui.line(`${ends ? `It ends by itself in ${options.for}. ` : ''}Heal it: npm run lab -- heal`);
      });
    });
}

function showCatalogue({ ui }: LabContext): void {
  const kinds = faultCatalogue.map(({ id, summary, targets, paramsHelp }) => ({
    id,
    summary,
    targets,
    parameters: paramsHelp,
  }));
  ui.result({ faults: kinds }, () =>
    ui.table([
      ['FAULT', 'PARAMETERS (DEFAULT)', 'WHAT IT DOES'],
      ...kinds.map((kind) => [kind.id, kind.parameters, kind.summary]),
    ]),
  );
}

/** `name=value`; the names are environment variables for `restart-with-env`, paths for `config-overlay`. */
function parseParameters(fault: string, parameters: readonly string[]): Record<string, unknown> {
  const pairs = parameters.map((parameter) => {
    const separator = parameter.indexOf('=');
    if (separator < 1)
      throw new UsageError(
        `"${parameter}" is not a parameter.`,
        'Write it as name=value, such as delayMs=500.',
      );
    return [parameter.slice(0, separator), parameter.slice(separator + 1)] as const;
  });
  const values = Object.fromEntries(pairs);
  switch (fault) {
    case 'restart-with-env':
      return { env: values };
    case 'config-overlay':
      return { files: Object.fromEntries(pairs.map(([path, value]) => [path, contentOf(value)])) };
    default:
      return values;
  }
}

/** `@rules.yml` is the content of that file. */
function contentOf(value: string): string {
  if (!value.startsWith('@')) return value;
  try {
    return readFileSync(value.slice(1), 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new UsageError(`${value.slice(1)} cannot be read (${reason}).`, 'Name a file that exists.');
  }
}

/** `90s`, `10m`, `500ms`. */
export function parseTtl(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  const factor = { ms: 1, s: 1_000, m: 60_000 }[match?.[2] ?? ''] ?? Number.NaN;
  const ttlMs = Math.round(Number(match?.[1]) * factor);
  if (!(ttlMs >= 1 && ttlMs <= maxTtlMs)) {
    throw new UsageError(
      `--for ${text} is too short, too long or not a duration.`,
      'Give 1ms to 30m, such as 90s or 10m.',
    );
  }
  return ttlMs;
}
