// The program of the alerts page: rules, groups and silences, asked again every few seconds.
import {
  type AlertGroup,
  expireSilence,
  fetchGroups,
  fetchRules,
  fetchSilences,
  stateOrder,
} from './alerting/alerting-data.ts';
import { groupTables, silenceTables } from './alerting/manager-tables.ts';
import { rulesTable } from './alerting/rules-table.ts';
import { openSilenceForm } from './alerting/silence-form.ts';
import { element } from './dom.ts';
import type { AlertingView } from './view.ts';

const views = JSON.parse(document.getElementById('data')!.textContent) as AlertingView[];
const count = document.getElementById('count')!;
const dialog = document.getElementById('silence') as HTMLDialogElement;
const refreshMs = 3000;

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Puts new content in the place of the old one; what is open stays open, and the focus where it is. */
function replace(id: string, parts: readonly Node[]): void {
  const place = document.getElementById(id)!;
  const find = (key: string | undefined): HTMLElement | undefined =>
    key === undefined
      ? undefined
      : [...place.querySelectorAll<HTMLElement>('[data-key]')].find((one) => one.dataset.key === key);
  const open = [...place.querySelectorAll<HTMLDetailsElement>('details[open]')].map(
    ({ dataset }) => dataset.key,
  );
  const active = document.activeElement;
  const focused = place.contains(active)
    ? (active as HTMLElement).closest<HTMLElement>('[data-key]')?.dataset.key
    : undefined;
  place.replaceChildren(...parts);
  for (const key of open) {
    const details = find(key);
    if (details instanceof HTMLDetailsElement) details.open = true;
  }
  const next = find(focused);
  (next instanceof HTMLDetailsElement ? next.querySelector('summary') : next)?.focus();
}

/** Each part says by itself what went wrong; the others go on. */
async function part<Found>(
  id: string,
  fetch: () => Promise<Found>,
  draw: (found: Found) => readonly Node[],
): Promise<Found | undefined> {
  try {
    const found = await fetch();
    replace(id, draw(found));
    return found;
  } catch (error) {
    replace(id, [element('p', { className: 'error' }, words(error))]);
    return undefined;
  }
}

async function refreshOne(view: AlertingView): Promise<void> {
  const { prometheus, alertmanager } = view;
  const silence = (labels: Readonly<Record<string, string>>): void => {
    if (alertmanager !== undefined) openSilenceForm(dialog, alertmanager, labels, () => void refresh());
  };
  let groups: AlertGroup[] = [];
  if (alertmanager === undefined) {
    const none = () => [element('p', {}, 'No data source of type alertmanager is provisioned.')];
    replace('groups', none());
    replace('silences', none());
  } else {
    const [found = []] = await Promise.all([
      part(
        'groups',
        () => fetchGroups(alertmanager),
        (all) => (all.length === 0 ? [element('p', {}, 'No alert fires.')] : groupTables(all, silence)),
      ),
      part(
        'silences',
        () => fetchSilences(alertmanager),
        (all) =>
          silenceTables(all, ({ id }) => {
            expireSilence(alertmanager, id)
              .then(refresh)
              .catch((error: unknown) => {
                document
                  .getElementById('silences')!
                  .append(element('p', { className: 'error' }, words(error)));
              });
          }),
      ),
    ]);
    groups = found;
  }
  const rules = await part(
    'rules',
    () => fetchRules(prometheus),
    (all) =>
      all.length === 0
        ? [element('p', {}, 'Prometheus has no alerting rules.')]
        : [rulesTable(all, { view, groups, silence })],
  );
  const text = stateOrder
    .map((state) => `${rules?.filter((rule) => rule.state === state).length ?? 0} ${state}`)
    .join(', ');
  // A status is read aloud when it changes, and only then.
  if (rules !== undefined && count.textContent !== text) count.textContent = text;
}

async function refresh(): Promise<void> {
  const [view] = views;
  if (view === undefined) {
    count.textContent = 'No data source of type prometheus is provisioned.';
    return;
  }
  await refreshOne(view);
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
