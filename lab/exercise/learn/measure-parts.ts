import type { Exercise, ExerciseContext } from '../model/model.ts';
import type { Progress } from '../model/progress.ts';
import type { ScorePart } from './score.ts';

/** A part as of now: while it is open its clock goes on, and it has no points. */
export interface MeasuredPart extends ScorePart {
  readonly open: boolean;
}

/**
 * What the exercise is scored by besides its tasks, from the records. A record that is missing or cannot be read costs
 * the points of its own part, says so, and hides no other. `isOver`: what has not happened by now is not recorded.
 */
export function measureParts(
  { scored = [] }: Pick<Exercise, 'scored'>,
  context: ExerciseContext,
  progress: Progress,
  { isOver }: { readonly isOver: boolean },
): Promise<MeasuredPart[]> {
  return Promise.all(
    scored.map(async ({ name, points: of, ...part }): Promise<MeasuredPart> => {
      const without = (why: string): MeasuredPart => ({
        name,
        of,
        points: 0,
        because: `not recorded: ${why}`,
        open: false,
      });
      try {
        const { worth, because, open = false } = await part.judge(context, progress);
        if (open && isOver) return without(because);
        // NaN is no share, and worth nothing.
        const points = worth > 0 ? of * Math.min(1, worth) : 0;
        return { name, of, points: open ? 0 : points, because, open };
      } catch (error) {
        context.signal.throwIfAborted();
        return without(error instanceof Error ? error.message : String(error));
      }
    }),
  );
}
