import { describe, expect, it } from 'vitest';
import type { ExerciseContext } from '../../lab/exercise/model/model.ts';
import { fakeContext } from '../../lab/exercise/testing/fake-context.ts';
import drill from './exercise.ts';
import { breakOf, happenings, whatHappened, wordsTell } from './variants.ts';

/** What the replicas wrote in labs that were broken so; newest first, as Loki answers. */
const recorded = {
  killed: [
    ['api-1', 'connect ECONNREFUSED 127.0.0.1:17441'],
    ['api-3', 'Client has encountered a connection error and is not queryable'],
    ['api-2', 'Connection terminated unexpectedly'],
    ['api-1', 'Client has encountered a connection error and is not queryable'],
  ],
  // A repair that was tried since closes connections: what was met first counts.
  hung: [
    ['api-2', 'Connection terminated unexpectedly'],
    ['api-1', 'Query read timeout'],
    ['api-3', 'Query read timeout'],
    ['api-2', 'Query read timeout'],
  ],
  // A promotion that nobody follows makes the old primary a standby, which refuses in the same words.
  'disk full': [
    ['api-1', 'Connection terminated unexpectedly'],
    ['api-3', 'cannot execute INSERT in a read-only transaction'],
    ['api-1', 'cannot execute UPDATE in a read-only transaction'],
    ['api-2', 'cannot execute INSERT in a read-only transaction'],
  ],
} as const;

/** A context whose Loki has these lines; it alone is played. */
const logs = (words: readonly (readonly [string, string])[]): ExerciseContext =>
  ({
    ...fakeContext(),
    observe: {
      loki: {
        lines: async () =>
          words.map(([instance, message]) => ({ line: JSON.stringify({ instance, error: { message } }) })),
      },
    },
  }) as unknown as ExerciseContext;

describe.each(happenings)('when the primary is %s', (happening) => {
  const context = logs(recorded[happening]);

  it('the replicas’ words tell it from every other way', async () => {
    for (const one of happenings)
      expect([one, await wordsTell(one).measure(context)]).toEqual([one, one === happening ? 3 : 0]);
  });

  it('one answer is right, found in the log alone, and the others are told why not', async () => {
    expect(await whatHappened.solve(context)).toBe(happening);
    for (const choice of whatHappened.choices!) {
      const { accepted, because } = await whatHappened.verify(choice, context);
      expect(accepted, choice).toBe(choice === happening);
      expect(because.length).toBeGreaterThan(40);
    }
    const wrong = await Promise.all(
      whatHappened.wrongAnswers.map(({ answer }) =>
        (answer as (of: ExerciseContext) => Promise<string>)(context),
      ),
    );
    expect(new Set([...wrong, happening])).toEqual(new Set(whatHappened.choices));
  });
});

it('does not judge before the replicas agree', async () => {
  for (const words of [
    [],
    recorded.hung.slice(1, 3),
    [recorded.killed[2], recorded.hung[1], recorded.hung[2]],
  ])
    await expect(whatHappened.verify('killed', logs(words))).rejects.toThrow('have not all logged');
});

it('breaks another thing in each variant, always at the primary', () => {
  expect(happenings.map(breakOf).map(({ kind, target }) => `${kind}@${target}`)).toEqual([
    'kill@postgres-primary',
    'pause@postgres-primary',
    'read-only@postgres-primary',
  ]);
  expect(drill.variants?.map(({ id }) => id)).toEqual([...happenings]);
});
