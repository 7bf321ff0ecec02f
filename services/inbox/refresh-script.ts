/**
 * The program of pages that keep themselves up to date. Loading a page anew takes the focus and the place from whoever
 * reads with a keyboard or a screen reader; this one puts in what changed and leaves the focus on the same thing.
 */
export const refreshScript = `
const seconds = Number(document.currentScript.dataset.seconds);
const keyOf = (one) => [one.tagName, one.href, one.form?.action, one.textContent].join(' ');
const notice = document.createElement('p');
notice.setAttribute('role', 'alert');

async function refresh() {
  const response = await fetch(location.href);
  if (!response.ok) throw new Error('The inbox answers ' + response.status + '.');
  const next = new DOMParser().parseFromString(await response.text(), 'text/html');
  notice.remove();
  document.title = next.title;
  if (next.body.innerHTML === document.body.innerHTML) return;
  const focused = document.activeElement === document.body ? undefined : keyOf(document.activeElement);
  document.body.replaceChildren(...next.body.childNodes);
  if (focused === undefined) return;
  [...document.querySelectorAll('a, button, summary')].find((one) => keyOf(one) === focused)?.focus();
}

setInterval(() => {
  if (document.hidden) return;
  refresh().catch((error) => {
    notice.textContent = 'This page is not up to date: ' + error.message;
    if (!notice.isConnected) document.body.prepend(notice);
  });
}, 1000 * seconds);
`;
