import { faultCatalogue } from '../../lab/faults/catalogue.ts';
import { signsOf } from '../../lab/faults/signs.ts';
import { codes, page, table } from './markdown.ts';

/** `lab/docs/faults.md`: every fault, its parameters, and what it shows in each pillar. */
export function faultsPage(): string {
  return page('Faults', 'lab/faults', [
    'Break one by hand with `npm run lab -- break <fault> [--target <component>] [name=value …]`, and take all of them back with `npm run lab -- heal`. Parameters stand with their range and, in brackets, their default. The alerts are those that fire with the defaults under the everyday load (`npm run lab -- load steady`), unless the line says otherwise.',
    table(
      ['Fault', 'What it does', 'Alerts'],
      faultCatalogue.map(({ id, summary }) => [
        `[${id}](#${id})`,
        summary,
        signsOf(id)
          .alerts.map((alert) => `[${alert}](../../stack/runbooks/${alert}.md)`)
          .join(', ') || '–',
      ]),
    ),
    ...faultCatalogue.map((fault) => {
      const { metrics, logs, traces, alerts, when } = signsOf(fault.id);
      return [
        `## ${fault.id}`,
        `${fault.summary} Parameters: ${fault.paramsHelp}. ${fault.endsByItself ? 'It ends by itself when its time is over.' : 'It stays until it is healed.'}${fault.capability === 'partition' ? ' Docker runtime only.' : ''}`,
        table(
          ['', ''],
          [
            ['Targets', codes(fault.targets)],
            ['Metrics', metrics],
            ['Logs', logs],
            ['Traces', traces],
            ['Alerts', `${codes(alerts)}${when === undefined ? '' : ` ${when}`}`],
          ],
        ),
      ].join('\n\n');
    }),
  ]);
}
