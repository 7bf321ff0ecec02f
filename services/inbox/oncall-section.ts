import { escapeHtml } from './html.ts';
import type { OncallSchedule, Terms } from './oncall.ts';
import type { Page } from './pages.ts';

export const oncallStyle = `
.oncall { border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .9rem; margin: 1rem 0; }
.oncall h2 { font-size: 1rem; margin: 0 0 .3rem; } .oncall table { border-collapse: collapse; width: 100%; font-size: .9rem; }
.oncall th { text-align: left; font-weight: 400; color: var(--quiet); } .oncall td, .oncall th { padding: .1rem .8rem .1rem 0; }
.oncall ul { list-style: none; padding: 0; margin: .5rem 0 0; } .oncall li { border: 0; padding: 0; margin: .2rem 0; font-size: .9rem; }
`;

const mostShown = 10;

/** Who is on call, and which pages wait for somebody: above all messages. */
export function renderOncall(schedule: OncallSchedule, pages: readonly Page[], now: Date): string {
  const rows = schedule
    .at(now.getTime())
    .map(
      ({ team, primary, secondary, until }) =>
        `<tr><td>${escapeHtml(team)}</td><td><strong>${escapeHtml(primary.name)}</strong></td><td>${escapeHtml(secondary.name)}</td><td>${until.slice(0, 10)} ${until.slice(11, 16)} UTC</td></tr>`,
    );
  const waiting = pages.filter(
    ({ acknowledgedAt, resolvedAt }) => acknowledgedAt === null && resolvedAt === null,
  );
  const items = waiting
    .slice(-mostShown)
    .map(
      (page) =>
        `<li><strong class="bad">${escapeHtml(page.alertname)}</strong> (${page.severity}, ${escapeHtml(page.team)}): nobody has acknowledged it; called: ${page.called.map(escapeHtml).join(', ')}${page.nextAt === null ? '' : `; ${nextOf(page)} in ${Math.max(0, Math.ceil((Date.parse(page.nextAt) - now.getTime()) / 1_000))} s`}</li>`,
    );
  const more = waiting.length - items.length;
  return `<section class="oncall">
<h2>On call</h2>
<table><thead><tr><th scope="col">Team</th><th scope="col">Primary</th><th scope="col">Secondary</th><th scope="col">Until</th></tr></thead><tbody>${rows.join('')}</tbody></table>
${items.length === 0 ? '' : `<ul>${more > 0 ? `<li>${more} older pages wait as well</li>` : ''}${items.join('')}</ul>`}
<p class="meta">Critical: ${termsLine(schedule.escalation.critical, schedule.secondsAMinute)}.
High: ${termsLine(schedule.escalation.high, schedule.secondsAMinute)}.</p>
</section>
`;
}

const nextOf = ({ level }: Page): string =>
  level === 'primary'
    ? 'the secondary is called'
    : level === 'secondary'
      ? 'everybody is called'
      : 'everybody again';

function termsLine(terms: Terms, secondsAMinute: number): string {
  const span = (minutes: number): string =>
    secondsAMinute === 60 ? `${minutes} min` : `${minutes} min (here ${minutes * secondsAMinute} s)`;
  return `${terms.phone ? 'the telephone rings at once' : 'the page only shows'}; unacknowledged, the secondary is called after ${span(terms.secondaryAfterMinutes)}, everybody after ${span(terms.everybodyAfterMinutes)}, then again every ${span(terms.repeatEveryMinutes)}, at most ${terms.repeats} times`;
}
