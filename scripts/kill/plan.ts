import { seededRandom } from '../../services/admin/seeded-random.ts';
import { topology } from '../../stack/topology.ts';
import { type Action, actions } from './actions.ts';
import { shuffled } from './shuffled.ts';

/** Who is killed, how, and when. */
export interface Round {
  readonly number: number;
  readonly action: Action;
  readonly victim: { readonly command: NodeJS.Signals } | { readonly component: string };
  readonly afterMs: number;
  /** Whether the lab is taken down at the end, so that what is left then is looked at too. */
  readonly down: boolean;
}

const signals: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGINT'];

/** Every action and every component in turn, each turn in another order, at moments of chance. */
export function planRounds(count: number, seed: number): Round[] {
  const random = seededRandom(seed);
  let turn: Action[] = [];
  let components: string[] = [];
  return Array.from({ length: count }, (_, index) => {
    if (turn.length === 0) turn = shuffled(actions, random);
    if (components.length === 0) components = shuffled(topology, random).map(({ id }) => id);
    const action = turn.pop()!;
    // Nothing of a lab that is down can be killed but the command.
    const ofCommand = action.from === 'down' || random() < 0.7;
    return {
      number: index + 1,
      action,
      victim: ofCommand
        ? { command: signals[Math.floor(random() * signals.length)]! }
        : { component: components.pop()! },
      afterMs: Math.round(random() * action.spanMs),
      down: random() < 0.4,
    };
  });
}

/** A round in one line, as it is printed and can be found again by its seed. */
export function describeRound({ action, victim, afterMs }: Round): string {
  const before =
    typeof action.from === 'string' ? action.from : action.from.map((one) => one.join(' ')).join(', ');
  const who = 'command' in victim ? `the command, ${victim.command}` : victim.component;
  return `${action.args.join(' ')} (from ${before}), ${who} after ${afterMs} ms`;
}
