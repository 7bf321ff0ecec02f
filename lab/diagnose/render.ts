import { legible } from '../ui/legible.ts';
import type { Ui } from '../ui/ui.ts';
import { type Diagnosis, type Finding, tally, type Verdict } from './finding.ts';

type Colors = Ui['colors'];

/** The lines that a person reads: a mark, the subject, what was found, and after an arrow what to look at next. */
export function renderDiagnosis(diagnosis: Diagnosis, colors: Colors): string[] {
  const lines = diagnosis.sections.flatMap(({ title, findings }) => {
    const width = Math.max(...findings.map(({ subject }) => legible(subject).length), 0);
    return [colors.bold(title), ...findings.map((one) => renderFinding(one, width, colors)), ''];
  });
  return [...lines, summary(tally(diagnosis))];
}

/** Names of tables and texts of rules come from outside: none may move the cursor. */
function renderFinding({ verdict, subject, text, next }: Finding, width: number, colors: Colors): string {
  const arrow = next === undefined ? '' : `  → ${colors.cyan(next)}`;
  return `${mark(verdict, colors)} ${legible(subject).padEnd(width)}  ${legible(text)}${arrow}`;
}

function mark(verdict: Verdict, colors: Colors): string {
  switch (verdict) {
    case 'wrong':
      return colors.red('✗');
    case 'unknown':
      return colors.yellow('?');
    case 'notable':
      return colors.yellow('!');
    case 'ok':
      return colors.green('✓');
  }
}

function summary({ wrong, unknown, notable }: Record<Verdict, number>): string {
  const parts = [
    ...(wrong > 0 ? [`${wrong} wrong`] : []),
    ...(unknown > 0 ? [`${unknown} could not be measured`] : []),
    ...(notable > 0 ? [`${notable} worth a look`] : []),
  ];
  return parts.length === 0 ? 'Nothing here is out of its limits.' : `${parts.join(', ')}.`;
}
