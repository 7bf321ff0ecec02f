import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { assertDiagnosable, diagnose } from '../diagnose/diagnose.ts';
import { tally } from '../diagnose/finding.ts';
import { renderDiagnosis } from '../diagnose/render.ts';
import { sourcesOf } from '../diagnose/sources.ts';

/** `diagnose`: what somebody on call asks first. Exit 0 whatever it finds: the answer is the output. */
export function register(program: Command, context: LabContext): void {
  program
    .command('diagnose')
    .description('what is wrong now, the worst first; with a component, what it does and waits for')
    .argument('[component]', 'its name (see status), postgres for the one that takes writes, or network')
    .action(async (component: string | undefined) => {
      if (component !== undefined) assertDiagnosable(component);
      const { ui, signal } = context;
      const lab = await context.running();
      const diagnosis = await diagnose(sourcesOf(lab, signal), component);
      ui.result(
        { name: lab.name, runtime: lab.kind, pace: lab.pace.name, ...diagnosis, found: tally(diagnosis) },
        () => {
          for (const line of renderDiagnosis(diagnosis, ui.colors)) ui.line(line);
        },
      );
    });
}
