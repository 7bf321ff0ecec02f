import express, { type Express } from 'express';
import { z } from 'zod';
import { answering } from '../telemetry/answering.ts';
import { Problem } from '../telemetry/problem.ts';
import { parseInput } from '../telemetry/validation.ts';
import { type Incoming, querySchema } from './notification.ts';
import type { NotificationStore } from './notification-store.ts';
import type { OncallSchedule } from './oncall.ts';
import { renderPage } from './page.ts';
import type { PagerDutyEvents } from './pagerduty.ts';
import type { Pages } from './pages.ts';
import { refreshScript } from './refresh-script.ts';
import { renderRunbook, renderRunbookList } from './runbook-page.ts';
import type { Runbooks } from './runbooks.ts';
import { sendPage } from './send-page.ts';
import { parseSlackMessage } from './slack.ts';
import type { StatusBoard } from './status-page.ts';
import { addStatusRoutes } from './status-routes.ts';
import type { Watchdog } from './watchdog.ts';
import { fromWebhook, webhookSchema } from './webhook.ts';

export const inboxEndpoints = [
  '/',
  '/ack/:id',
  '/runbooks',
  '/runbooks/:name',
  '/slack/:channel',
  '/status',
  '/status/edit',
  '/api/status',
  '/api/status/edits',
  '/v2/enqueue',
  '/webhook/:receiver',
  '/api/notifications',
  '/api/notifications/:id/ack',
  '/api/watchdog',
  '/api/oncall',
];

const bodyLimit = '512kb';
const nameSchema = z.string().regex(/^[\w#.-]{1,80}$/, 'must be 1 to 80 letters, digits, or one of _ # . -');
const acknowledgementSchema = z.strictObject({ by: z.string().trim().min(1).max(100) });
const pageActor = 'inbox page';

export interface InboxParts {
  store: NotificationStore;
  incidents: PagerDutyEvents;
  watchdog: Watchdog;
  runbooks: Runbooks;
  board: StatusBoard;
  /** Whether it is the lab's token, which who writes the status page has. */
  isToken: (given: string) => boolean;
  /** Undefined where nobody says who is on call. */
  oncall: { schedule: OncallSchedule; pages: Pages } | undefined;
  /** Files what arrived, or lets the watchdog have it. */
  deliver: (incoming: Incoming) => void;
}

/** What senders call: each answers as the service that it stands for. */
function addReceivers(app: Express, parts: InboxParts): void {
  const { incidents, deliver } = parts;
  app.post(
    '/slack/:channel',
    answering((request, response) => {
      const channel = parseInput(nameSchema, request.params.channel);
      const message = parseSlackMessage(channel, slackBody(request.body));
      if (typeof message === 'string') return response.status(400).type('text/plain').send(message);
      deliver(message);
      return response.type('text/plain').send('ok');
    }),
  );
  app.post(
    '/v2/enqueue',
    answering((request, response) => {
      const outcome = incidents.accept(request.body);
      if ('errors' in outcome) {
        return response
          .status(400)
          .json({ status: 'invalid event', message: 'Event object is invalid', errors: outcome.errors });
      }
      if (outcome.incoming !== undefined) deliver(outcome.incoming);
      if (outcome.acknowledged !== undefined) takeIncident(parts, outcome.acknowledged, 'PagerDuty');
      return response
        .status(202)
        .json({ status: 'success', message: 'Event processed', dedup_key: outcome.dedupKey });
    }),
  );
  app.post(
    '/webhook/:receiver',
    answering((request, response) => {
      const receiver = parseInput(nameSchema, request.params.receiver);
      deliver(fromWebhook(receiver, parseInput(webhookSchema, request.body)));
      return response.json({ status: 'ok' });
    }),
  );
}

/** Somebody takes the whole incident: its messages, its calls, and nobody else is called. */
function takeIncident({ store, incidents, oncall }: InboxParts, dedupKey: string, by: string): void {
  incidents.acknowledge(dedupKey);
  store.acknowledgeIncident(dedupKey, by);
  oncall?.pages.acknowledge(dedupKey, by);
}

/** What the lab and a person call. */
function addReaders(app: Express, parts: InboxParts): void {
  const { store, watchdog, runbooks, oncall } = parts;
  const acknowledge = (id: string | string[] | undefined, by: string) => {
    const notification = store.acknowledge(String(id), by);
    if (notification === undefined) {
      throw new Problem(404, 'notification-not-found', 'There is no such notification.');
    }
    if (notification.dedupKey !== undefined) takeIncident(parts, notification.dedupKey, by);
    return notification;
  };
  app.get(
    '/api/notifications',
    answering((request, response) =>
      response.json({ notifications: store.list(parseInput(querySchema, request.query)) }),
    ),
  );
  app.post(
    '/api/notifications/:id/ack',
    answering((request, response) =>
      response.json(acknowledge(request.params.id, parseInput(acknowledgementSchema, request.body).by)),
    ),
  );
  app.get('/api/watchdog', (_request, response) => {
    response.json(watchdog.state);
  });
  app.get('/api/oncall', (_request, response) => {
    response.json(
      oncall === undefined
        ? { teams: [], escalation: null, secondsAMinute: null, pages: [], events: [] }
        : {
            teams: oncall.schedule.at(Date.now()),
            escalation: oncall.schedule.escalation,
            secondsAMinute: oncall.schedule.secondsAMinute,
            pages: oncall.pages.pages,
            events: oncall.pages.events,
          },
    );
  });
  app.get('/refresh.js', (_request, response) => {
    response.type('text/javascript').send(refreshScript);
  });
  app.get('/', (_request, response) => {
    sendPage(
      response,
      renderPage({
        notifications: store.list({ limit: 1_000 }),
        watchdog: watchdog.state,
        hasRunbook: (alertname) => runbooks.has(alertname),
        oncall,
        now: new Date(),
      }),
    );
  });
  app.post(
    '/ack/:id',
    answering((request, response) => {
      // A page of another origin must not press the button in a visitor's name.
      const site = request.get('sec-fetch-site');
      if (site !== undefined && site !== 'same-origin') {
        throw new Problem(403, 'cross-site', 'Acknowledge from the inbox page itself.');
      }
      acknowledge(request.params.id, pageActor);
      return response.redirect(303, '/');
    }),
  );
}

/** What to do about an alert: `runbook_url` of every rule leads here. */
function addRunbooks(app: Express, { runbooks }: InboxParts): void {
  app.get('/runbooks', (_request, response) => {
    sendPage(response, renderRunbookList(runbooks.names));
  });
  app.get(
    '/runbooks/:name',
    answering((request, response) => {
      const name = String(request.params.name);
      const source = runbooks.get(name);
      if (source === undefined) {
        throw new Problem(
          404,
          'runbook-not-found',
          'There is no runbook of that name; /runbooks lists them.',
        );
      }
      sendPage(response, renderRunbook(name, source));
    }),
  );
}

export function addInboxRoutes(app: Express, parts: InboxParts): void {
  app.use(express.json({ limit: bodyLimit, strict: false }));
  app.use(express.urlencoded({ limit: bodyLimit, extended: false, parameterLimit: 10 }));
  addReceivers(app, parts);
  addReaders(app, parts);
  addRunbooks(app, parts);
  addStatusRoutes(app, parts);
}

/** Slack also takes the message as a form with one field, `payload`. */
function slackBody(body: unknown): unknown {
  const payload = (body as { payload?: unknown } | null | undefined)?.payload;
  if (typeof payload !== 'string') return body;
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}
