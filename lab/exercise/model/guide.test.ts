import { expect, it } from 'vitest';
import { ObserveError } from '../../observe/observe-error.ts';
import { GuideQueries, queriesOf } from './guide.ts';
import type { ExerciseContext } from './model.ts';

it('takes the blocks that are queries, but for those that say that they are empty', () => {
  const markdown = [
    'Run it:\n\n```\nnpm run lab -- ci\n```',
    '```\nup == 0\n```',
    '<!-- empty: nothing has failed yet -->\n```\nerrors_total\n```',
    '```json\n{}\n```',
    '```\n{app="notes"} |= "x"\n```',
  ].join('\n\n');
  expect(queriesOf(markdown)).toEqual(['up == 0', '{app="notes"} |= "x"']);
});

it('keeps what found nothing, and asks it again', async () => {
  let broken = false;
  const refused = (): never => {
    throw new ObserveError('refused', 'parse error', { status: 400 });
  };
  const context = {
    timeline: { startedAtMs: 0 },
    clock: { now: () => 1 },
    observe: {
      prometheus: {
        query: async (query: string) =>
          query === 'always' || (broken && query === 'late') ? [1] : query === 'logs' ? refused() : [],
      },
      loki: {
        lines: async (query: string) => (query === 'logs' ? [1] : []),
        query: async () => refused(),
      },
    },
  } as unknown as ExerciseContext;
  const guide = new GuideQueries(['always', 'late', 'logs', 'never']);
  await guide.ask(context);
  expect(guide.unanswered).toEqual(['late', 'never']);
  broken = true;
  await guide.ask(context);
  expect(guide.unanswered).toEqual(['never']);
});
