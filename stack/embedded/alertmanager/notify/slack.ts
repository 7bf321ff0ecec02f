import type { Values } from '../config/config.ts';
import { goJson } from './go-json.ts';
import { NotifyError, postJson, secret } from './http.ts';
import { type CreateNotifier, truncate } from './notifier.ts';

/** https://api.slack.com/reference/messaging/attachments: a title holds this many characters. */
const maxTitle = 1024;

/** Slack's incoming webhooks, or chat.postMessage with a bot token. */
export const createSlackNotifier: CreateNotifier =
  (settings, templates) =>
  async ({ data, signal }) => {
    const text = (name: string, from: Values = settings) => templates.text(String(from[name] ?? ''), data);
    /** As Go's `omitempty`: what is empty is left out. */
    const optional = (name: string, from: Values = settings) => {
      const value = text(name, from);
      return value === '' ? {} : { [name]: value };
    };
    const fields = ((settings.fields ?? []) as Values[]).map((field) => ({
      ...optional('title', field),
      ...optional('value', field),
      short: field.short ?? settings.short_fields ?? false,
    }));
    const actions = ((settings.actions ?? []) as Values[]).map((action) => ({
      ...optional('type', action),
      ...optional('text', action),
      ...optional('url', action),
      ...optional('style', action),
      ...optional('name', action),
      ...optional('value', action),
      confirm: action.confirm === undefined ? undefined : confirm(action.confirm as Values, optional),
    }));
    const attachment = {
      title: truncate(text('title'), maxTitle),
      title_link: text('title_link'),
      ...optional('pretext'),
      text: text('text'),
      fallback: text('fallback'),
      callback_id: text('callback_id'),
      ...(fields.length > 0 ? { fields } : {}),
      ...(actions.length > 0 ? { actions } : {}),
      ...optional('image_url'),
      ...optional('thumb_url'),
      footer: text('footer'),
      ...optional('color'),
      mrkdwn_in: settings.mrkdwn_in ?? ['fallback', 'pretext', 'text'],
    };
    const message = text('message_text');
    const body = {
      ...optional('channel'),
      ...optional('username'),
      ...optional('icon_emoji'),
      ...optional('icon_url'),
      ...(settings.link_names === true ? { link_names: true } : {}),
      ...(message === '' ? {} : { text: message }),
      attachments: [attachment],
    };
    const token = secret(settings, 'app_token');
    const httpConfig = (settings.http_config ?? {}) as Values;
    const { text: answer, contentType } = await postJson({
      url: token === '' ? secret(settings, 'api_url') : String(settings.app_url),
      body: `${goJson(body)}\n`,
      httpConfig:
        token === '' ? httpConfig : { ...httpConfig, authorization: { type: 'Bearer', credentials: token } },
      signal,
      timeoutMs: Number(settings.timeout ?? 0),
    });
    checkAnswer(answer, contentType);
  };

function confirm(settings: Values, optional: (name: string, from: Values) => object): object {
  return Object.assign(
    {},
    ...['text', 'title', 'ok_text', 'dismiss_text'].map((name) => optional(name, settings)),
  );
}

/** Slack answers 200 also when it refused a message. */
function checkAnswer(answer: string, contentType: string) {
  if (contentType.startsWith('application/json')) {
    let parsed: { ok?: unknown; error?: unknown } = {};
    try {
      parsed = JSON.parse(answer) as typeof parsed;
    } catch (error) {
      throw new NotifyError(`could not unmarshal JSON response "${answer}"`, { retry: true, cause: error });
    }
    if (parsed.ok !== true)
      throw new NotifyError(`error response from Slack: ${String(parsed.error)}`, {
        retry: false,
        reason: 'clientError',
      });
  } else if (answer !== 'ok')
    throw new NotifyError(`received an error response from Slack: ${answer}`, {
      retry: false,
      reason: 'clientError',
    });
}
