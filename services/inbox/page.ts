import { escapeHtml, renderLayout } from './html.ts';
import type { Notification } from './notification.ts';
import type { OncallSchedule } from './oncall.ts';
import { oncallStyle, renderOncall } from './oncall-section.ts';
import type { Pages } from './pages.ts';
import type { WatchdogState } from './watchdog.ts';

export interface PageContent {
  notifications: readonly Notification[];
  watchdog: WatchdogState;
  /** Whether `/runbooks/<alertname>` exists. */
  hasRunbook: (alertname: string) => boolean;
  oncall: { schedule: OncallSchedule; pages: Pages } | undefined;
  now: Date;
}

const refreshSeconds = 3;
const shown = 100;

const style = `
.watchdog { margin-left: auto; font-size: .9rem; }
.ok { color: var(--resolved); } .bad { color: var(--firing); font-weight: 600; }
ol { list-style: none; padding: 0; }
li { border: 1px solid var(--line); border-left: .35rem solid var(--quiet); border-radius: .4rem; padding: .6rem .9rem; margin: .6rem 0; }
li.firing { border-left-color: var(--firing); } li.firing.warning, li.firing.low { border-left-color: var(--warning); }
li.resolved { border-left-color: var(--resolved); } li.acknowledged { border-style: dashed; }
.head { display: flex; flex-wrap: wrap; gap: .2rem .8rem; align-items: baseline; }
.head strong { font-size: 1.02rem; } .status { font-size: .75rem; letter-spacing: .04em; text-transform: uppercase; font-weight: 700; }
.firing .status { color: var(--firing); } .firing.warning .status, .firing.low .status { color: var(--warning); } .resolved .status { color: var(--resolved); }
.meta, time { color: var(--quiet); font-size: .85rem; } time { margin-left: auto; }
p { margin: .35rem 0; white-space: pre-line; overflow-wrap: anywhere; }
form { display: inline; } button { font: inherit; font-size: .85rem; padding: .15rem .8rem; cursor: pointer; }
.links { display: block; margin: .2rem 0; }
.links a { margin-right: .9rem; font-size: .9rem; }
.empty { color: var(--quiet); padding: 3rem 0; text-align: center; }
`;

/** The inbox as a person on call sees it: the newest first, what needs a hand in colour. */
export function renderPage({ notifications, watchdog, hasRunbook, oncall, now }: PageContent): string {
  const newestFirst = notifications.slice(-shown).reverse();
  // A page, and the calls that it made, are one thing to take.
  const waiting = new Set(notifications.filter(isWaiting).map(({ dedupKey, id }) => dedupKey ?? id)).size;
  return renderLayout(
    {
      title: `${waiting > 0 ? `(${waiting}) ` : ''}On-call inbox`,
      style: style + oncallStyle,
      refreshSeconds,
    },
    `<header>
<h1>On-call inbox</h1>
<span>${waiting === 0 ? 'Nobody waits for you.' : `${waiting} to acknowledge`}</span>
<a href="/runbooks">Runbooks</a>
<a href="/status">Status page</a>
<span class="watchdog ${watchdog.healthy ? 'ok' : 'bad'}">${watchdogLine(watchdog, now)}</span>
</header>
${oncall === undefined ? '' : renderOncall(oncall.schedule, oncall.pages.pages, now)}${
  newestFirst.length === 0
    ? '<p class="empty">No notification yet.</p>'
    : `<ol>\n${newestFirst.map((notification) => renderItem(notification, hasRunbook, now)).join('\n')}\n</ol>`
}`,
  );
}

function isWaiting({ status, acknowledgedAt }: Notification): boolean {
  return status === 'firing' && acknowledgedAt === undefined;
}

function watchdogLine({ healthy, lastSeenAt, timeoutSeconds }: WatchdogState, now: Date): string {
  if (lastSeenAt === null) return `Watchdog: not seen yet; alarm after ${timeoutSeconds} s`;
  const seen = `last seen ${age(lastSeenAt, now)}`;
  return healthy
    ? `Watchdog: alive, ${seen}; alarm after ${timeoutSeconds} s of silence`
    : `Watchdog: missing, ${seen}: no alert can reach you`;
}

function renderItem(notification: Notification, hasRunbook: PageContent['hasRunbook'], now: Date): string {
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
${renderLinks(notification, hasRunbook)}${isWaiting(notification) ? `<form method="post" action="/ack/${id}"><button>Acknowledge</button></form>` : ''}
</li>`;
}

/** Where to look next. The runbook is this inbox's own, whatever host the sender named it by. */
function renderLinks(
  { alertname, dashboardUrl }: Notification,
  hasRunbook: PageContent['hasRunbook'],
): string {
  // What the inbox misses (WatchdogMissing) is written under the name of what should come.
  const runbook = [alertname, alertname.replace(/Missing$/, '')].find(hasRunbook);
  const links = [
    runbook !== undefined && `<a href="/runbooks/${runbook}">Runbook</a>`,
    dashboardUrl !== undefined && `<a href="${escapeHtml(dashboardUrl)}">Dashboard</a>`,
  ].filter(Boolean);
  return links.length === 0 ? '' : `<span class="links">${links.join(' ')}</span>\n`;
}

function age(then: string, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(then)) / 1_000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  return `${Math.floor(seconds / 3_600)} h ago`;
}
