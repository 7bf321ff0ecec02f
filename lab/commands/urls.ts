import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { readCredentials } from '../state/credentials.ts';
import { labCredentials, labUrls } from '../urls.ts';

/** `urls`: every address of the running lab, and the credentials it made up for itself. */
export function register(program: Command, context: LabContext): void {
  program
    .command('urls')
    .description('show addresses and credentials')
    .action(async () => {
      const lab = await context.running();
      const urls = labUrls(lab);
      const stored = readCredentials(context.paths.credentialsFile);
      const credentials = stored === undefined ? {} : labCredentials(stored);
      const { ui } = context;
      ui.result({ name: lab.name, urls, credentials }, () => {
        ui.table(urls.map((one) => [one.component, ui.colors.cyan(one.url), ui.colors.dim(one.title)]));
        ui.line();
        ui.line('Credentials of this lab alone:');
        ui.table(Object.entries(credentials).map(([what, value]) => [`  ${what}`, value]));
      });
    });
}
