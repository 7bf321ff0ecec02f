import { element } from '../dom.ts';
import { createSilence, type Labels, type Matcher, matcherText } from './alerting-data.ts';

const durations: readonly (readonly [text: string, minutes: number])[] = [
  ['10m', 10],
  ['30m', 30],
  ['1h', 60],
  ['4h', 240],
  ['24h', 1440],
];
/** Who silences is asked once. */
const authorKey = 'silence-author';

/** Asks what to silence, for how long, why and who; keeps what was entered when Alertmanager does not take it. */
export function openSilenceForm(
  dialog: HTMLDialogElement,
  alertmanager: string,
  labels: Labels,
  done: () => void,
): void {
  const matchers = Object.entries(labels)
    .sort(([a], [b]) => Number(b === 'alertname') - Number(a === 'alertname') || a.localeCompare(b))
    .map(([name, value]): Matcher => ({ name, value, isRegex: false, isEqual: true }));
  const boxes = matchers.map((matcher) => ({
    matcher,
    box: element('input', { type: 'checkbox', checked: true }),
  }));
  const duration = element(
    'select',
    {},
    ...durations.map(([text, minutes]) => element('option', { value: String(minutes) }, text)),
  );
  const comment = element('input', { required: true, maxLength: 500, size: 40, autocomplete: 'off' });
  const author = element('input', { required: true, maxLength: 100, value: remembered() });
  const problem = element('p', { className: 'error', hidden: true });
  problem.setAttribute('role', 'alert');
  const submit = element('button', {}, 'Silence');
  const form = element(
    'form',
    {},
    element('h2', { id: 'silence-title' }, `Silence ${labels.alertname ?? 'an alert'}`),
    element(
      'fieldset',
      {},
      element('legend', {}, 'Every alert with all of these labels'),
      ...boxes.map(({ matcher, box }) =>
        element('label', {}, box, ' ', element('code', {}, matcherText(matcher))),
      ),
    ),
    element('label', {}, 'Duration ', duration),
    element('label', {}, 'Comment ', comment),
    element('label', {}, 'Author ', author),
    problem,
    element(
      'div',
      {},
      submit,
      element('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel'),
    ),
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    submit.disabled = true;
    problem.hidden = true;
    const now = Date.now();
    createSilence(alertmanager, {
      matchers: boxes.filter(({ box }) => box.checked).map(({ matcher }) => matcher),
      createdBy: author.value.trim(),
      comment: comment.value.trim(),
      startsAt: new Date(now).toISOString(),
      endsAt: new Date(now + 60_000 * Number(duration.value)).toISOString(),
    })
      .then(() => {
        remember(author.value.trim());
        dialog.close();
        done();
      })
      .catch((error: unknown) => {
        problem.textContent = error instanceof Error ? error.message : String(error);
        problem.hidden = false;
      })
      .finally(() => {
        submit.disabled = false;
      });
  };
  dialog.replaceChildren(form);
  dialog.showModal();
  comment.focus();
}

// A browser may forbid the store; then who silences is asked again.
function remembered(): string {
  try {
    return localStorage.getItem(authorKey) ?? '';
  } catch {
    return '';
  }
}

function remember(author: string): void {
  try {
    localStorage.setItem(authorKey, author);
  } catch {
    // Asked again the next time.
  }
}
