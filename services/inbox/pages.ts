import { randomUUID } from 'node:crypto';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Incoming } from './notification.ts';
import type { OncallSchedule, Person, Terms, Urgency } from './oncall.ts';

/** Who has been called so far. */
export type Level = 'primary' | 'secondary' | 'everybody';

/** What somebody is woken for: one incident of PagerDuty, from its first trigger to its end. Times are RFC 3339. */
export interface Page {
  readonly id: string;
  readonly dedupKey: string;
  readonly alertname: string;
  readonly service: string;
  readonly severity: Urgency;
  readonly team: string;
  readonly at: string;
  level: Level;
  /** The names of those who were called. */
  called: string[];
  /** How often everybody was called again. */
  repeats: number;
  /** When the next ones are called; null once nobody is any more. */
  nextAt: string | null;
  acknowledgedAt: string | null;
  acknowledgedBy: string | null;
  resolvedAt: string | null;
}

/** One step of a page, in the order in which they happened. */
export interface PageEvent {
  readonly id: string;
  readonly at: string;
  readonly page: string;
  readonly kind: 'page' | 'escalate' | 'acknowledge' | 'resolve';
  readonly team: string;
  readonly text: string;
}

const mostPages = 500;
const mostEvents = 2_000;
/** A page says what it is by its alert's severity; what asks for no haste is told and not escalated. */
const unhurried = new Set(['warning', 'medium', 'low', 'info', 'none']);

interface Open {
  readonly page: Page;
  readonly incoming: Incoming;
  timer?: NodeJS.Timeout;
}

/**
 * Pages that nobody acknowledges go to the secondary, then to everybody, again and again for a while. An
 * acknowledgement or the end of the incident stops that.
 */
export class Pages {
  readonly #schedule: OncallSchedule;
  readonly #call: (incoming: Incoming) => void;
  readonly #open = new Map<string, Open>();
  readonly #pages: Page[] = [];
  readonly #events: PageEvent[] = [];
  readonly #paged;
  readonly #escalated;
  readonly #repeated;
  readonly #acknowledgeSeconds;

  constructor({
    schedule,
    registry,
    call,
  }: {
    schedule: OncallSchedule;
    registry: Registry;
    /** Files a telephone call. */
    call: (incoming: Incoming) => void;
  }) {
    this.#schedule = schedule;
    this.#call = call;
    const registers = [registry];
    // Teams are those of the schedule, severities and levels two each: the labels are bounded.
    const labelNames = ['team', 'severity'] as const;
    this.#paged = new Counter({
      name: 'pages_total',
      help: 'Pages: incidents that somebody was woken for.',
      labelNames,
      registers,
    });
    this.#escalated = new Counter({
      name: 'pages_escalated_total',
      help: 'Pages that nobody acknowledged in time, by who was called then.',
      labelNames: [...labelNames, 'level'],
      registers,
    });
    this.#repeated = new Counter({
      name: 'pages_repeated_total',
      help: 'Times that everybody was called again.',
      labelNames,
      registers,
    });
    this.#acknowledgeSeconds = new Histogram({
      name: 'page_time_to_acknowledge_seconds',
      help: 'From a page until somebody acknowledged it.',
      labelNames,
      buckets: [1, 2.5, 5, 10, 15, 25, 40, 60, 120, 300, 900, 1_500, 3_600],
      registers,
    });
    const open = this.#open;
    new Gauge({
      name: 'pages_unacknowledged',
      help: 'Pages that wait for somebody.',
      labelNames: ['team'],
      registers,
      collect() {
        this.reset();
        for (const { team } of schedule.at(Date.now())) this.set({ team }, 0);
        for (const { page } of open.values()) if (page.acknowledgedAt === null) this.inc({ team: page.team });
      },
    });
  }

  /** The newest last. */
  get pages(): readonly Page[] {
    return this.#pages;
  }

  get events(): readonly PageEvent[] {
    return this.#events;
  }

  /** Takes note of what PagerDuty was told. A trigger of an open incident wakes nobody anew. */
  told(incoming: Incoming): void {
    const { dedupKey, status } = incoming;
    if (incoming.channel !== 'pagerduty' || dedupKey === undefined) return;
    if (status === 'resolved') {
      this.#resolve(dedupKey);
      return;
    }
    if (this.#open.has(dedupKey) || unhurried.has(incoming.severity.toLowerCase())) return;
    const severity: Urgency = incoming.severity.toLowerCase() === 'critical' ? 'critical' : 'high';
    const nowMs = Date.now();
    const team = this.#schedule.teamOf(incoming.team, incoming.service);
    const { primary } = this.#schedule.of(team, nowMs);
    const terms = this.#schedule.escalation[severity];
    const page: Page = {
      id: randomUUID(),
      dedupKey,
      alertname: incoming.alertname,
      service: incoming.service,
      severity,
      team,
      at: new Date(nowMs).toISOString(),
      level: 'primary',
      called: [primary.name],
      repeats: 0,
      nextAt: null,
      acknowledgedAt: null,
      acknowledgedBy: null,
      resolvedAt: null,
    };
    const opened: Open = { page, incoming };
    this.#open.set(dedupKey, opened);
    this.#pages.push(page);
    if (this.#pages.length > mostPages) this.#pages.shift();
    // Who sends new incidents without end and resolves none gets no more memory for it.
    if (this.#open.size > mostPages) this.#close(this.#open.keys().next().value as string);
    this.#paged.inc({ team, severity });
    this.#note(page, 'page', `${primary.name} (primary of ${team}) is paged for ${page.alertname}`);
    if (terms.phone) this.#ring(opened, [primary], 'primary');
    this.#wait(opened, terms.secondaryAfterMinutes, () => this.#toSecondary(opened, terms));
  }

  /** Somebody takes care: nobody else is called. */
  acknowledge(dedupKey: string, by: string): void {
    const open = this.#open.get(dedupKey);
    if (open === undefined || open.page.acknowledgedAt !== null) return;
    this.#stop(open);
    const { page } = open;
    page.acknowledgedAt = new Date().toISOString();
    page.acknowledgedBy = by;
    const seconds = (Date.parse(page.acknowledgedAt) - Date.parse(page.at)) / 1_000;
    this.#acknowledgeSeconds.observe({ team: page.team, severity: page.severity }, seconds);
    this.#note(
      page,
      'acknowledge',
      `${by} acknowledges the page for ${page.alertname} after ${seconds.toFixed(1)} s`,
    );
  }

  /** Calls nobody any more. */
  stop(): void {
    for (const open of this.#open.values()) this.#stop(open);
  }

  #resolve(dedupKey: string): void {
    const open = this.#open.get(dedupKey);
    if (open === undefined) return;
    const unseen = open.page.acknowledgedAt === null ? ', and nobody acknowledged it' : '';
    this.#close(dedupKey);
    open.page.resolvedAt = new Date().toISOString();
    this.#note(open.page, 'resolve', `The page for ${open.page.alertname} is resolved${unseen}`);
  }

  #close(dedupKey: string): void {
    const open = this.#open.get(dedupKey);
    if (open !== undefined) this.#stop(open);
    this.#open.delete(dedupKey);
  }

  #toSecondary(open: Open, terms: Terms): void {
    const { secondary } = this.#schedule.of(open.page.team, Date.now());
    this.#escalate(open, 'secondary', [secondary], terms.secondaryAfterMinutes);
    this.#wait(open, terms.everybodyAfterMinutes - terms.secondaryAfterMinutes, () =>
      this.#toEverybody(open, terms),
    );
  }

  #toEverybody(open: Open, terms: Terms): void {
    this.#escalate(open, 'everybody', this.#schedule.people, terms.everybodyAfterMinutes);
    this.#repeatLater(open, terms);
  }

  #repeatLater(open: Open, terms: Terms): void {
    if (open.page.repeats >= terms.repeats) return;
    this.#wait(open, terms.repeatEveryMinutes, () => {
      const { page } = open;
      page.repeats += 1;
      this.#repeated.inc({ team: page.team, severity: page.severity });
      this.#note(
        page,
        'escalate',
        `Still nobody acknowledges ${page.alertname}: everybody is called again (${page.repeats} of ${terms.repeats})`,
      );
      this.#ring(open, this.#schedule.people, 'everybody');
      this.#repeatLater(open, terms);
    });
  }

  #escalate(
    open: Open,
    level: Exclude<Level, 'primary'>,
    people: readonly Person[],
    afterMinutes: number,
  ): void {
    const { page } = open;
    page.level = level;
    page.called = [...new Set([...page.called, ...people.map(({ name }) => name)])];
    this.#escalated.inc({ team: page.team, severity: page.severity, level });
    const whom = level === 'everybody' ? 'everybody' : `${people[0]?.name} (secondary of ${page.team})`;
    this.#note(
      page,
      'escalate',
      `Nobody acknowledges ${page.alertname} within ${this.#span(afterMinutes)}: ${whom} is called`,
    );
    this.#ring(open, people, level);
  }

  #ring({ incoming }: Open, people: readonly Person[], level: Level): void {
    // A round of calls is one message: it is one thing to read, however many it wakes.
    const whom = level === 'everybody' ? level : people.map(({ name }) => name).join(', ');
    this.#call({
      ...incoming,
      channel: 'phone',
      receiver: whom,
      title: `Call to ${whom}${level === 'everybody' ? '' : `, ${level}`}: ${incoming.title}`,
      text: `${people.map(({ name, phone }) => `${name} ${phone}`).join(', ')}\n${incoming.text}`,
    });
  }

  #wait(open: Open, minutes: number, then: () => void): void {
    const ms = minutes * this.#schedule.secondsAMinute * 1_000;
    open.page.nextAt = new Date(Date.now() + ms).toISOString();
    open.timer = setTimeout(() => {
      open.page.nextAt = null;
      then();
    }, ms).unref();
  }

  #stop(open: Open): void {
    clearTimeout(open.timer);
    open.page.nextAt = null;
  }

  /** A time of production, and what it takes here. */
  #span(minutes: number): string {
    const { secondsAMinute } = this.#schedule;
    return secondsAMinute === 60 ? `${minutes} min` : `${minutes} min (here ${minutes * secondsAMinute} s)`;
  }

  #note({ id: page, team }: Page, kind: PageEvent['kind'], text: string): void {
    this.#events.push({ id: randomUUID(), at: new Date().toISOString(), page, kind, team, text });
    if (this.#events.length > mostEvents) this.#events.shift();
  }
}
