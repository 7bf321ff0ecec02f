import { join } from 'node:path';
import { z } from 'zod';
import { ScoreCorrupt } from '../../errors.ts';
import { writeFileAtomically } from '../../state/atomic-write.ts';
import { readJson } from '../../state/read-json.ts';
import type { ScorePart } from './score.ts';

const part = z.object({ name: z.string(), points: z.number(), of: z.number(), because: z.string() });
const scored = z.object({
  points: z.number().min(0).max(100),
  at: z.string(),
  /** Why; scores of earlier versions have none. */
  parts: z.array(part).optional(),
});
const schema = z.object({
  version: z.literal(1),
  times: z.number().int().min(1),
  last: scored,
  best: scored,
});

/** What a learner has reached in an exercise: how often it was done, the last score and the best. ISO times. */
export type Scores = z.output<typeof schema>;

/** The scores of a lab, one file an exercise, replaced by rename. `exercise reset` leaves them. */
export class ScoreStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  #file(id: string): string {
    return join(this.#directory, `${id}.json`);
  }

  /** @throws LAB_SCORE_CORRUPT */
  read(id: string): Scores | undefined {
    const file = this.#file(id);
    return readJson(file, schema, (problem, options) => new ScoreCorrupt(file, problem, options));
  }

  /** Notes that the exercise was done once more. Of equal scores the earlier stays the best. */
  note(id: string, { points, parts }: { points: number; parts?: readonly ScorePart[] }, at: string): Scores {
    const before = this.read(id);
    const last = { points, at, parts: part.array().optional().parse(parts) };
    const best = before === undefined || points > before.best.points ? last : before.best;
    const scores: Scores = { version: 1, times: (before?.times ?? 0) + 1, last, best };
    writeFileAtomically(this.#file(id), `${JSON.stringify(scores, null, 2)}\n`);
    return scores;
  }
}
