// What a score looks like, on whichever command's output.
import type { MeasuredPart } from '../exercise/learn/measure-parts.ts';
import type { ScorePart } from '../exercise/learn/score.ts';
import type { Scores } from '../exercise/learn/score-store.ts';
import type { Ui } from './ui.ts';

/** A part, its points, and why. */
export const scoreRow = (part: ScorePart & { readonly open?: boolean }): string[] => [
  `  ${part.name}`,
  `${part.open ? '…' : Math.round(part.points)} of ${Math.round(part.of)}`,
  part.because,
];

/** What the exercise is scored by besides its tasks, while its clocks run. */
export function showScoreboard(ui: Ui, board: readonly MeasuredPart[]): void {
  if (board.length === 0) return;
  ui.line('Score so far, besides the tasks:');
  ui.table(board.map(scoreRow));
}

export function scoresLine({ last, best, times }: Scores): string {
  return times === 1 ? `${last.points}` : `last ${last.points}, best ${best.points}`;
}

/** Where the learner is: works without a running lab. */
