import { randomUUID } from 'node:crypto';
import { Gauge, type Registry } from 'prom-client';
import { z } from 'zod';
import { longestPublicText } from '../contract/public-text.ts';
import {
  allOperational,
  type ComponentStates,
  incidentStates,
  publicComponentIds,
  publicComponents,
  type StatusEdit,
} from '../contract/status-words.ts';
import { Problem } from '../telemetry/problem.ts';
import { escapeHtml, renderLayout } from './html.ts';
import type { StatusForm } from './status-form.ts';
import { type MinuteState, type Uptime, uptimeOf } from './uptime.ts';

const text = z.string().trim().min(1).max(longestPublicText);
const moment = z.iso.datetime();
const seconds = z.number().nonnegative().nullable();

/** Everything that the public is told: the whole of it each time, so that a restart loses nothing for long. */
export const publicStatusSchema = z.strictObject({
  incidents: z
    .array(
      z.strictObject({
        id: z.string().regex(/^INC-\d{1,6}$/),
        title: text,
        severity: z.enum(['SEV1', 'SEV2', 'SEV3', 'SEV4']),
        state: z.enum(incidentStates),
        declaredAt: moment,
        resolvedAt: moment.nullable(),
        updates: z.array(z.strictObject({ at: moment, state: z.string().max(20), message: text })).max(100),
        timeToDetectSeconds: seconds,
        timeToAcknowledgeSeconds: seconds,
        timeToRepairSeconds: seconds,
      }),
    )
    .max(100),
});
export type PublicStatus = z.output<typeof publicStatusSchema>;

const times = [
  ['detect', 'From the first harm to users until somebody was told.', 'timeToDetectSeconds'],
  ['acknowledge', 'From the first page until somebody took it.', 'timeToAcknowledgeSeconds'],
  ['repair', 'From the first harm to users until they were served again.', 'timeToRepairSeconds'],
] as const;

type PublicIncident = PublicStatus['incidents'][number];
/** How many edits are kept for the lab to read; the oldest go first. */
const mostEdits = 1_000;

/** What the public sees, and the times of the incidents as metrics. */
export class StatusBoard {
  #status: PublicStatus = { incidents: [] };
  /** What somebody said of the components during the open incident; nothing is said of them without a word. */
  #components: ComponentStates | undefined;
  readonly #edits: StatusEdit[] = [];
  /** Of what was before, nothing is known but the incidents. */
  readonly #knownSinceMs = Date.now();

  constructor(registry: Registry) {
    const incidents = (): PublicStatus['incidents'] => this.#status.incidents;
    for (const [name, help, key] of times) {
      new Gauge({
        name: `incident_time_to_${name}_seconds`,
        help,
        labelNames: ['incident', 'severity'],
        registers: [registry],
        collect() {
          this.reset();
          for (const { id: incident, severity, [key]: value } of incidents()) {
            if (value !== null) this.set({ incident, severity }, value);
          }
        },
      });
    }
  }

  get status(): PublicStatus {
    return this.#status;
  }

  /** Each component's state; null while an incident is open and nobody has said. */
  get components(): ComponentStates | null {
    return this.open === undefined ? allOperational : (this.#components ?? null);
  }

  /** What was written on the page itself, the newest last. */
  get edits(): readonly StatusEdit[] {
    return this.#edits;
  }

  /** The incident that is not resolved yet. */
  get open(): PublicIncident | undefined {
    return this.#status.incidents.findLast(({ state }) => state !== 'resolved');
  }

  /** Replaces all that is told, but for what was written here and the sender does not know yet. */
  publish(status: PublicStatus): void {
    this.#status = { incidents: status.incidents.map((one) => withEdits(one, this.#edits)) };
    if (this.open === undefined) this.#components = undefined;
  }

  /**
   * Adds an update to the open incident.
   * @throws Problem 409 where none is open
   */
  write({ state, message, components }: StatusForm): StatusEdit {
    const { open } = this;
    if (open === undefined) {
      throw new Problem(
        409,
        'no-incident-open',
        'No incident is open. Declare one first: npm run lab -- incident declare "what users notice"',
      );
    }
    const before = this.components ?? allOperational;
    const edit: StatusEdit = {
      id: randomUUID(),
      at: new Date().toISOString(),
      incident: open.id,
      state,
      message,
      components: Object.fromEntries(
        publicComponentIds.filter((id) => components[id] !== before[id]).map((id) => [id, components[id]]),
      ),
    };
    this.#edits.push(edit);
    if (this.#edits.length > mostEdits) this.#edits.shift();
    this.#components = components;
    this.publish(this.#status);
    return edit;
  }

  /** The page as it is at this moment. */
  render(nowMs: number): string {
    return renderStatusPage(
      { ...this.#status, components: this.components },
      { nowMs, knownSinceMs: this.#knownSinceMs },
    );
  }
}

function withEdits(incident: PublicIncident, edits: readonly StatusEdit[]): PublicIncident {
  const missing = edits.filter(
    (edit) =>
      edit.incident === incident.id &&
      !incident.updates.some(({ at, message }) => at === edit.at && message === edit.message),
  );
  if (missing.length === 0) return incident;
  const updates = [...incident.updates, ...missing.map(({ at, state, message }) => ({ at, state, message }))];
  updates.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const last = incidentStates.find((one) => one === updates.at(-1)?.state) ?? incident.state;
  const resolvedAt = incident.resolvedAt ?? missing.find(({ state }) => state === 'resolved')?.at ?? null;
  return { ...incident, updates, state: last, resolvedAt };
}

const style = `
.state { border-radius: .4rem; padding: .8rem 1rem; font-weight: 600; border: 1px solid var(--line); border-left: .35rem solid var(--resolved); }
.state.bad { border-left-color: var(--firing); }

.components { padding: 0; border: 1px solid var(--line); border-radius: .4rem; } .components li { display: flex; justify-content: space-between; list-style: none; margin: 0; padding: .4rem 1rem; } .components li + li { border-top: 1px solid var(--line); }
.fine { color: var(--resolved); } .hurt { color: var(--firing); font-weight: 600; }
.bars { display: flex; gap: 2px; height: 2rem; } .bars i { flex: 1; border-radius: 2px; background: var(--resolved); }
.bars .degraded { background: repeating-linear-gradient(45deg, var(--firing) 0 3px, transparent 3px 6px); } .bars .down { background: var(--firing); }
.bars .unknown { background: none; border: 1px dashed var(--line); } .ends { display: flex; justify-content: space-between; color: var(--quiet); font-size: .85rem; }
ol { list-style: none; padding-left: 1rem; border-left: 2px solid var(--line); } li { margin: .5rem 0; }
time { color: var(--quiet); font-size: .85rem; } .what { text-transform: capitalize; font-weight: 600; }
`;

/** For users: what they may notice, and what is done about it. Nothing of the inside stands here. */
export function renderStatusPage(
  status: PublicStatus & { readonly components?: ComponentStates | null },
  time: { readonly nowMs: number; readonly knownSinceMs: number },
): string {
  const { incidents, components } = status;
  const open = incidents.filter(({ state }) => state !== 'resolved');
  const past = incidents.filter(({ state }) => state === 'resolved').reverse();
  return renderLayout(
    { title: 'Status of Notes', style, refreshSeconds: 10 },
    `<header><h1>Status of Notes</h1></header>
<p class="state${open.length === 0 ? '' : ' bad'}">${open.length === 0 ? 'Everything works.' : 'Something is wrong, and we work on it.'}</p>
${components == null ? '' : renderComponents(components)}${renderUptime(uptimeOf(status, time))}
${open.map(renderIncident).join('\n')}
<h2>History</h2>
${past.length === 0 ? '<p>No incidents.</p>' : past.map(renderIncident).join('\n')}`,
  );
}

function renderComponents(components: ComponentStates): string {
  const rows = publicComponentIds.map((id) => {
    const state = components[id];
    return `<li><span>${publicComponents[id]}</span> <span class="${state === 'operational' ? 'fine' : 'hurt'}">${state}</span></li>`;
  });
  return `<ul class="components">${rows.join('')}</ul>\n`;
}

const words: Readonly<Record<MinuteState, string>> = {
  up: 'everything works',
  degraded: 'some things are slow or fail',
  down: 'does not work',
  unknown: 'not known',
};

function renderUptime({ minutes, percent }: Uptime): string {
  const bars = minutes.map(
    ({ startMs, state }) =>
      `<i class="${state}" title="${new Date(startMs).toISOString().slice(11, 16)} UTC: ${words[state]}"></i>`,
  );
  const share =
    percent === undefined ? 'not known' : `up ${percent.toFixed(percent === 100 ? 0 : 1)} % of the time`;
  return `<h2>The last ${minutes.length} minutes</h2>
<div class="bars" role="img" aria-label="${share}; a bar for each minute">${bars.join('')}</div>
<p class="ends"><span>${minutes.length} minutes ago</span><span>${share}</span><span>now</span></p>`;
}

function renderIncident({
  title,
  state,
  declaredAt,
  resolvedAt,
  updates,
}: PublicStatus['incidents'][number]): string {
  const lines = [...updates]
    .reverse()
    .map(
      ({ at, state: then, message }) =>
        `<li><span class="what">${escapeHtml(then)}</span> – ${escapeHtml(message)} <time datetime="${escapeHtml(at)}">${clock(at)}</time></li>`,
    );
  return `<section><h3>${escapeHtml(title)}</h3><p><span class="what">${state}</span> <time datetime="${escapeHtml(declaredAt)}">${resolvedAt === null ? `since ${clock(declaredAt)}` : `${clock(declaredAt)} to ${clock(resolvedAt)}`}</time></p><ol>${lines.join('\n')}</ol></section>`;
}

const clock = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
