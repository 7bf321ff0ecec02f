import { goJson } from './go-json.ts';
import { postJson, secret } from './http.ts';
import type { CreateNotifier } from './notifier.ts';

/** The generic webhook, version 4. */
export const createWebhookNotifier: CreateNotifier =
  (settings, templates) =>
  async ({ data, groupKey, signal }) => {
    const limit = Number(settings.max_alerts ?? 0);
    const truncated = limit > 0 ? Math.max(0, data.Alerts.length - limit) : 0;
    const message = {
      ...(truncated > 0 ? data.first(limit) : data).toJSON(),
      version: '4',
      groupKey,
      truncatedAlerts: truncated,
    };
    await postJson({
      url: templates.text(secret(settings, 'url'), data),
      body: `${goJson(message)}\n`,
      httpConfig: settings.http_config as Record<string, unknown>,
      signal,
      timeoutMs: Number(settings.timeout ?? 0),
    });
  };
