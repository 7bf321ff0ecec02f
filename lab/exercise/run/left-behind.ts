import { declaredPrimary } from '../../failover/failover.ts';
import { describeFault, unknownFaults } from '../../faults/heal.ts';
import type { Workshop } from '../../workshop.ts';

type Place = Pick<Workshop, 'lab' | 'backends' | 'journal' | 'changes' | 'traffic'>;

/** What can be restarted with other variables. */
const replaceable = ['gateway', 'api-1', 'api-2', 'api-3', 'inbox'] as const;

/** The silences that are in force, by their IDs: the person who ran the lab before may have set some. */
export async function activeSilences({ backends }: Pick<Place, 'backends'>): Promise<Set<string>> {
  const silences = await backends.alertmanager.silences();
  return new Set(silences.filter(({ status }) => status.state !== 'expired').map(({ id }) => id));
}

/**
 * What an exercise left behind, one line each, so that the next one would begin from another lab: a component that does
 * not run, a fault, an edited file, variables, another primary, load, a silence that was not there before it.
 */
export async function leftBehind(place: Place, silencesBefore: ReadonlySet<string>): Promise<string[]> {
  const { lab, journal, changes, traffic } = place;
  const [status, primary, silences, carried, ...overrides] = await Promise.all([
    lab.status(),
    lab.primary(),
    activeSilences(place),
    unknownFaults({ lab }, new Set()),
    ...replaceable.map(async (component) => ({ component, variables: await lab.overrides(component) })),
  ]);
  const running = traffic.running();
  return [
    ...status
      .filter((one) => one.state !== 'running' || !one.ready)
      .map(({ id, state }) => `${id} is ${state}`),
    ...journal.read().faults.map((fault) => describeFault(fault)),
    ...carried.map((fault) => describeFault(fault)),
    ...changes.list().map(({ component, path }) => `${component} reads another ${path}`),
    ...overrides
      .filter(({ variables }) => Object.keys(variables).length > 0)
      .map(
        ({ component, variables }) => `${component} runs with ${Object.keys(variables).join(', ')} changed`,
      ),
    ...(primary === declaredPrimary ? [] : [`${primary} is the primary`]),
    ...[...silences].filter((id) => !silencesBefore.has(id)).map((id) => `the silence ${id} is in force`),
    ...(running === undefined ? [] : [`the load "${running.profile}" still runs`]),
  ].map((line) => `left behind: ${line}`);
}
