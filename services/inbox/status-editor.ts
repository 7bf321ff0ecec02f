import { longestPublicText } from '../contract/public-text.ts';
import {
  type ComponentStates,
  componentStates,
  incidentStates,
  publicComponentIds,
  publicComponents,
} from '../contract/status-words.ts';
import { escapeHtml, renderLayout } from './html.ts';
import { fieldOf } from './status-form.ts';

const style = `
form { display: grid; gap: .8rem; max-width: 34rem; } label { display: grid; gap: .2rem; }
fieldset { border: 1px solid var(--line); border-radius: .4rem; display: grid; gap: .4rem; } fieldset label { grid-template-columns: 1fr 12rem; align-items: center; }
select, textarea, input, button { font: inherit; padding: .3rem .5rem; } textarea { min-height: 5rem; }
button { justify-self: start; padding: .3rem 1.2rem; cursor: pointer; } .refused { color: var(--firing); font-weight: 600; } .quiet { color: var(--quiet); }
`;

export interface StatusEditorContent {
  /** The incident that is open. */
  readonly open: { readonly id: string; readonly title: string; readonly state: string } | undefined;
  readonly components: ComponentStates;
  /** What was refused, and why: it stands in the form again, but for the token. */
  readonly refused?: { readonly body: unknown; readonly why: string };
}

/** Where the status page is written. The public page does not lead here. */
export function renderStatusEditor({ open, components, refused }: StatusEditorContent): string {
  const given = (name: string, otherwise: string): string =>
    (refused === undefined ? '' : fieldOf(refused.body, name)) || otherwise;
  const options = (words: readonly string[], chosen: string): string =>
    words.map((one) => `<option${one === chosen ? ' selected' : ''}>${one}</option>`).join('');
  const about =
    open === undefined
      ? 'No incident is open. Declare one first: npm run lab -- incident declare "what users notice"'
      : `${open.id} is ${open.state}: ${open.title}`;
  const rows = publicComponentIds.map(
    (id) =>
      `<label>${publicComponents[id]} <select name="${id}">${options(componentStates, given(id, components[id]))}</select></label>`,
  );
  return renderLayout(
    { title: 'Write the status page', style },
    `<header><h1>Write the status page</h1><a href="/status">What users see</a></header>
<p>${escapeHtml(about)}</p>
${refused === undefined ? '' : `<p class="refused" role="alert">${escapeHtml(refused.why)}</p>`}
<form method="post" action="/status/edit">
<fieldset><legend>What users do</legend>
${rows.join('\n')}
</fieldset>
<label>How far you are <select name="state">${options(incidentStates, given('state', open?.state ?? 'investigating'))}</select></label>
<label>For users, in their words <textarea name="message" maxlength="${longestPublicText}" required>${escapeHtml(given('message', ''))}</textarea></label>
<label>Token of this lab <input name="token" type="password" autocomplete="off" required></label>
<p class="quiet">npm run lab -- urls shows the token: "Admin and fault endpoints".</p>
<button>Publish</button>
</form>`,
  );
}
