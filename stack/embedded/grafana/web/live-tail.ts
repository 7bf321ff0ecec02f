// Following a log as it is written, over Loki's WebSocket.
import { fetchLines, type LogLine, proxyAddress } from './data.ts';
import { element } from './dom.ts';
import { lineItem } from './panels/lists.ts';
import type { Surroundings } from './panels/panel.ts';
import type { TargetView } from './view.ts';

/** On the page; the oldest go. */
export const mostLines = 1000;
/** How far back it begins. */
const backMs = 60_000;

interface Message {
  readonly streams?: readonly {
    readonly stream: Readonly<Record<string, string>>;
    readonly values: readonly (readonly [string, string])[];
  }[];
  readonly dropped_entries?: readonly unknown[] | null;
}

/** The lines of a message, the oldest first. */
export function linesOf(text: string): LogLine[] {
  const { streams = [] } = JSON.parse(text) as Message;
  return streams
    .flatMap(({ stream, values }) => values.map(([ns, line]) => ({ ns, line, labels: stream })))
    .sort((a, b) => (BigInt(a.ns) < BigInt(b.ns) ? -1 : 1));
}

/**
 * Shows what is written from now on, and the last minute, the newest first. Throws an Error in Loki's words when it does
 * not take the query. Returns how to end it.
 */
export async function startTail(
  target: TargetView,
  place: HTMLElement,
  surroundings: Surroundings,
): Promise<() => void> {
  const { source, query } = target;
  const now = Date.now();
  // A browser does not tell why a WebSocket was refused: what is wrong with the query is asked for first.
  await fetchLines({ ...target, limit: 1 }, { from: now - 1000, to: now, stepSeconds: 1 });
  const list = element('ol', { className: 'lines' });
  list.setAttribute('aria-label', 'Live log lines');
  const state = element('span');
  state.setAttribute('role', 'status');
  const pause = element('button', { type: 'button' }, 'Pause');
  const clear = element('button', { type: 'button' }, 'Clear');
  const stop = element('button', { type: 'button' }, 'Stop');
  place.replaceChildren(element('div', { className: 'tail' }, pause, clear, stop, state), list);

  let waiting: LogLine[] = [];
  let paused = false;
  let ended = '';
  const say = (): void => {
    const words = ended || (paused ? `Paused, ${waiting.length} waiting` : 'Live');
    if (state.textContent !== words) state.textContent = words;
  };
  const show = (): void => {
    if (!paused) {
      const items = waiting.map((line) => lineItem(line, source, `${line.ns} ${line.line}`, surroundings));
      list.prepend(...items.reverse());
      while (list.childElementCount > mostLines) list.lastElementChild!.remove();
      waiting = [];
    }
    say();
  };

  const parameters = new URLSearchParams({ query, limit: '100', start: `${now - backMs}000000` });
  const address = new URL(`${proxyAddress(source.uid, '/loki/api/v1/tail')}?${parameters}`, location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(address);
  socket.onopen = say;
  socket.onmessage = ({ data }) => {
    waiting = [...waiting, ...linesOf(String(data))].slice(-mostLines);
    show();
  };
  socket.onclose = ({ reason }) => {
    ended ||= `The connection to Loki ended${reason === '' ? '' : `: ${reason}`}.`;
    pause.disabled = true;
    stop.disabled = true;
    say();
  };
  const end = (): void => {
    ended = 'Stopped';
    socket.close();
  };
  pause.onclick = () => {
    paused = !paused;
    pause.textContent = paused ? 'Continue' : 'Pause';
    show();
  };
  clear.onclick = () => {
    waiting = [];
    list.replaceChildren();
    say();
  };
  stop.onclick = end;
  return end;
}
