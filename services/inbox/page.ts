import type { Notification } from './notification.ts';

export interface PageContent {
  notifications: readonly Notification[];
  watchdog: { healthy: boolean; lastSeenAt: string | null };
  now: Date;
}

const refreshSeconds = 3;
const shown = 100;

/** The page's own style and nothing else may load: what senders wrote stays text. */
export const contentSecurityPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const style = `
:root { color-scheme: light dark; --line: #8884; --firing: #c62828; --warning: #b26a00; --resolved: #2e7d32; --quiet: #777; }
@media (prefers-color-scheme: dark) { :root { --firing: #ff6b62; --warning: #ffb74d; --resolved: #81c784; --quiet: #999; } }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: baseline; }
h1 { font-size: 1.35rem; margin: 0; }
.watchdog { margin-left: auto; font-size: .9rem; }
.ok { color: var(--resolved); } .bad { color: var(--firing); font-weight: 600; }
ol { list-style: none; padding: 0; }
li { border: 1px solid var(--line); border-left: .35rem solid var(--quiet); border-radius: .4rem; padding: .6rem .9rem; margin: .6rem 0; }
li.firing { border-left-color: var(--firing); } li.firing.warning, li.firing.low { border-left-color: var(--warning); }
li.resolved { border-left-color: var(--resolved); } li.acknowledged { opacity: .75; }
.head { display: flex; flex-wrap: wrap; gap: .2rem .8rem; align-items: baseline; }
.head strong { font-size: 1.02rem; } .status { font-size: .75rem; letter-spacing: .04em; text-transform: uppercase; font-weight: 700; }
.firing .status { color: var(--firing); } .firing.warning .status, .firing.low .status { color: var(--warning); } .resolved .status { color: var(--resolved); }
.meta, time { color: var(--quiet); font-size: .85rem; } time { margin-left: auto; }
p { margin: .35rem 0; white-space: pre-line; overflow-wrap: anywhere; }
form { display: inline; } button { font: inherit; font-size: .85rem; padding: .15rem .8rem; cursor: pointer; }
.empty { color: var(--quiet); padding: 3rem 0; text-align: center; }
`;

/** The inbox as a person on call sees it: the newest first, what needs a hand in colour. */
export function renderPage({ notifications, watchdog, now }: PageContent): string {
  const newestFirst = notifications.slice(-shown).reverse();
  const waiting = notifications.filter(isWaiting).length;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${refreshSeconds}">
<title>${waiting > 0 ? `(${waiting}) ` : ''}On-call inbox</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>On-call inbox</h1>
<span>${waiting === 0 ? 'Nobody waits for you.' : `${waiting} to acknowledge`}</span>
<span class="watchdog ${watchdog.healthy ? 'ok' : 'bad'}">${watchdogLine(watchdog, now)}</span>
</header>
${
  newestFirst.length === 0
    ? '<p class="empty">No notification yet.</p>'
    : `<ol>\n${newestFirst.map((notification) => renderItem(notification, now)).join('\n')}\n</ol>`
}
</body>
</html>
`;
}

function isWaiting({ status, acknowledgedAt }: Notification): boolean {
  return status === 'firing' && acknowledgedAt === undefined;
}

function watchdogLine({ healthy, lastSeenAt }: PageContent['watchdog'], now: Date): string {
  if (lastSeenAt === null) return 'Watchdog: not seen yet';
  return `Watchdog: ${healthy ? 'alive' : 'missing'}, last seen ${age(lastSeenAt, now)}`;
}

function renderItem(notification: Notification, now: Date): string {
  const { id, status, severity, title, text, service, instances, channel, receiver } = notification;
  const classes = [
    status,
    severity.toLowerCase().replace(/[^a-z]/g, ''),
    notification.acknowledgedAt && 'acknowledged',
  ];
  const meta = [
    severity,
    service,
    instances.join(', '),
    `${channel} ${receiver}`,
    notification.acknowledgedBy && `acknowledged by ${notification.acknowledgedBy}`,
  ];
  return `<li class="${classes.filter(Boolean).join(' ')}">
<div class="head"><span class="status">${status}</span><strong>${escapeHtml(title)}</strong><time datetime="${notification.receivedAt}">${age(notification.receivedAt, now)}</time></div>
${text === '' || text === title ? '' : `<p>${escapeHtml(text)}</p>\n`}<span class="meta">${meta
    .filter((part) => part !== '' && part !== undefined)
    .map((part) => escapeHtml(String(part)))
    .join(' · ')}</span>
${isWaiting(notification) ? `<form method="post" action="/ack/${id}"><button>Acknowledge</button></form>` : ''}
</li>`;
}

function age(then: string, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(then)) / 1_000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  return `${Math.floor(seconds / 3_600)} h ago`;
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
