// The program of the alerts page: rules, groups and silences, asked again every few seconds.
import {
  type AlertGroup,
  type AlertingRule,
  expireSilence,
  fetchGroups,
  fetchRules,
  fetchSilences,
  type Labels,
  stateOrder,
} from './alerting/alerting-data.ts';
import { groupTables, silenceTables } from './alerting/manager-tables.ts';
import { rulesTable } from './alerting/rules-table.ts';
import { openSilenceForm } from './alerting/silence-form.ts';
import { element, replaceKeeping } from './dom.ts';
import type { AlertingView, RulesView } from './view.ts';

const { rules, managers } = JSON.parse(document.getElementById('data')!.textContent) as AlertingView;
const count = document.getElementById('count')!;
const dialog = document.getElementById('silence') as HTMLDialogElement;
const refreshMs = 3000;

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A place for each data source of a part of the page, under its name where there are several. */
function placesIn(id: string, names: readonly string[], type: string): HTMLElement[] {
  const part = document.getElementById(id)!;
  if (names.length === 0) part.append(element('p', {}, `No data source of type ${type} is provisioned.`));
  return names.map((name) => {
    const place = element('div');
    part.append(...(names.length > 1 ? [element('h3', {}, name)] : []), place);
    return place;
  });
}
const namesOf = (sources: readonly { readonly name: string }[]): string[] => sources.map(({ name }) => name);
const rulePlaces = placesIn('rules', namesOf(rules), 'prometheus');
const groupPlaces = placesIn('groups', namesOf(managers), 'alertmanager');
const silencePlaces = placesIn('silences', namesOf(managers), 'alertmanager');

/** Each place says by itself what went wrong; the others go on. */
async function fill<Found>(
  place: HTMLElement | undefined,
  fetch: () => Promise<Found>,
  draw: (found: Found) => readonly Node[],
): Promise<Found | undefined> {
  if (place === undefined) return undefined;
  try {
    const found = await fetch();
    replaceKeeping(place, draw(found));
    return found;
  } catch (error) {
    replaceKeeping(place, [element('p', { className: 'error' }, words(error))]);
    return undefined;
  }
}

const silenceAt =
  (manager: string | undefined) =>
  (labels: Labels): void => {
    if (manager !== undefined) openSilenceForm(dialog, manager, labels, () => void refresh());
  };

async function refreshManager(uid: string, index: number): Promise<AlertGroup[]> {
  const silences = silencePlaces[index];
  const [groups] = await Promise.all([
    fill(
      groupPlaces[index],
      () => fetchGroups(uid),
      (all) => (all.length === 0 ? [element('p', {}, 'No alert fires.')] : groupTables(all, silenceAt(uid))),
    ),
    fill(
      silences,
      () => fetchSilences(uid),
      (all) =>
        silenceTables(all, ({ id }) => {
          expireSilence(uid, id)
            .then(refresh)
            .catch((error: unknown) => silences?.append(element('p', { className: 'error' }, words(error))));
        }),
    ),
  ]);
  return groups ?? [];
}

function refreshRules(
  view: RulesView,
  index: number,
  groups: readonly AlertGroup[],
): Promise<AlertingRule[] | undefined> {
  return fill(
    rulePlaces[index],
    () => fetchRules(view.prometheus),
    (all) =>
      all.length === 0
        ? [element('p', {}, 'It has no alerting rules.')]
        : [rulesTable(all, { view, groups, silence: silenceAt(view.alertmanager) })],
  );
}

async function refresh(): Promise<void> {
  const groups = await Promise.all(managers.map(({ uid }, index) => refreshManager(uid, index)));
  const found = await Promise.all(
    rules.map((view, index) => {
      const manager = managers.findIndex(({ uid }) => uid === view.alertmanager);
      return refreshRules(view, index, groups[manager] ?? []);
    }),
  );
  const known = found.filter((one) => one !== undefined);
  const text = stateOrder
    .map((state) => `${known.flat().filter((rule) => rule.state === state).length} ${state}`)
    .join(', ');
  // A status is read aloud when it changes, and only then.
  if (known.length > 0 && count.textContent !== text) count.textContent = text;
}

let running = false;
setInterval(() => {
  // What somebody fills in or reads in the form stays as it is.
  if (document.hidden || dialog.open || running) return;
  running = true;
  void refresh().finally(() => {
    running = false;
  });
}, refreshMs);
void refresh();
