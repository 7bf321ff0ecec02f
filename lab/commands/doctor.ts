import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { runDoctor } from '../doctor/doctor.ts';

/** `doctor`: whether the lab can run here. Exit 2 when something stands in its way. */
export function register(program: Command, context: LabContext): void {
  program
    .command('doctor')
    .description('check whether the lab can run here')
    .action(async () => {
      const findings = await runDoctor(context);
      const { ui } = context;
      const wrong = findings.filter((one) => one.verdict === 'wrong');
      ui.result({ ok: wrong.length === 0, findings }, () => {
        const marks = { ok: ui.colors.green('✓'), note: ui.colors.yellow('!'), wrong: ui.colors.red('✗') };
        for (const { subject, verdict, detail, remedy } of findings) {
          ui.line(`${marks[verdict]} ${subject}: ${detail}${remedy === undefined ? '' : ` ${remedy}`}`);
        }
        ui.line();
        ui.line(
          wrong.length === 0
            ? 'The lab can run here.'
            : `In its way: ${wrong.map((one) => one.subject).join(', ')}.`,
        );
      });
      if (wrong.length > 0) context.exitWith(2);
    });
}
