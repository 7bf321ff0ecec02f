import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import type { Values } from '../config/config.ts';
import { goJson } from './go-json.ts';
import { postJson, secret } from './http.ts';
import { type CreateNotifier, truncate } from './notifier.ts';

/** PagerDuty's limits: https://developer.pagerduty.com/docs/events-api-v2-overview */
const maxSummary = 1024;
const maxEventBytes = 512_000;
const v1Url = 'https://events.pagerduty.com/generic/2010-04-15/create_event.json';

/** PagerDuty's Events API v2 (`routing_key`), or the older one (`service_key`). */
export const createPagerdutyNotifier: CreateNotifier =
  (settings, templates) =>
  async ({ data, groupKey, signal }) => {
    const text = (name: string, from: Values = settings) => templates.text(String(from[name] ?? ''), data);
    const key = createHash('sha256').update(groupKey).digest('hex');
    const resolved = data.Status === 'resolved';
    const details: Record<string, unknown> = {};
    for (const name of Object.keys((settings.details ?? {}) as Values).sort())
      details[name] = render((settings.details as Values)[name], (template) =>
        templates.text(template, data),
      );
    const send = (url: string, build: (custom: unknown) => object) => {
      let body = goJson(build(details));
      if (Buffer.byteLength(body) > maxEventBytes)
        body = goJson(
          build({
            error:
              'Custom details have been removed because the original event exceeds the maximum size of 512.0kB',
          }),
        );
      return postJson({
        url,
        body: `${body}\n`,
        httpConfig: settings.http_config as Values,
        signal,
        timeoutMs: Number(settings.timeout ?? 0),
      });
    };
    const optional = (name: string) => {
      const value = text(name);
      return value === '' ? {} : { [name]: value };
    };
    const summary = truncate(text('description'), maxSummary);
    if (secret(settings, 'routing_key') === '') {
      await send(v1Url, (custom) => ({
        service_key: templates.text(secret(settings, 'service_key'), data),
        incident_key: key,
        event_type: resolved ? 'resolve' : 'trigger',
        description: summary,
        ...(resolved ? {} : { client: text('client'), client_url: text('client_url') }),
        details: custom,
      }));
      return;
    }
    const images = ((settings.images ?? []) as Values[])
      .map((image) => ({ src: text('src', image), alt: text('alt', image), href: text('href', image) }))
      .filter(({ src }) => src !== '');
    const links = ((settings.links ?? []) as Values[])
      .map((link) => ({ href: text('href', link), text: text('text', link) }))
      .filter(({ href }) => href !== '');
    await send(text('url'), (custom) => ({
      routing_key: templates.text(secret(settings, 'routing_key'), data),
      dedup_key: key,
      event_action: resolved ? 'resolve' : 'trigger',
      payload: {
        summary: summary === '' ? '' : summary,
        source: text('source'),
        severity: text('severity') || 'error',
        ...optional('class'),
        ...optional('component'),
        ...optional('group'),
        custom_details: custom,
      },
      ...optional('client'),
      ...optional('client_url'),
      ...(images.length > 0 ? { images } : {}),
      ...(links.length > 0 ? { links } : {}),
    }));
  };

/** A detail: a text whose result is read as YAML, so that numbers and lists arrive as such; maps and lists inside. */
function render(value: unknown, text: (template: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => render(item, text));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, render(item, text)]));
  if (typeof value !== 'string') return value;
  const result = text(value);
  try {
    const parsed: unknown = parse(result, {
      version: '1.1',
      schema: 'core',
      logLevel: 'silent',
      maxAliasCount: 0,
    });
    return typeof parsed === 'string' ? result : inner(parsed);
  } catch {
    return result;
  }
}

/** Empty texts inside a parsed detail arrive as null, and keys in order, as from the real one. */
function inner(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inner);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, item]) => [name, inner(item)]),
    );
  return value === '' ? null : value;
}
