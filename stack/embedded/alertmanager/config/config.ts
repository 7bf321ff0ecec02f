/** Longer than most files: the sections of one configuration file and the checks that span them. */
import type { Node } from 'yaml';
import { type Matcher, sortMatchers } from '../labels/matcher.ts';
import { type MatcherMode, parseMatchers } from '../labels/parse-matcher.ts';
import { type TimeInterval, timeIntervalSchema } from '../routing/time-interval.ts';
import { ConfigError, type Decoder, decodeYaml, type Schema, type StructSchema } from './decode.ts';
import { receiverSchemas, scalar, struct } from './schema.ts';

export type Values = Record<string, unknown>;

export interface RouteConfig {
  readonly receiver?: string;
  readonly group_by?: readonly string[];
  readonly match?: Readonly<Record<string, string>>;
  readonly match_re?: Readonly<Record<string, string>>;
  readonly matchers?: readonly Matcher[];
  readonly mute_time_intervals?: readonly string[];
  readonly active_time_intervals?: readonly string[];
  readonly continue: boolean;
  readonly routes?: readonly RouteConfig[];
  readonly group_wait?: number;
  readonly group_interval?: number;
  readonly repeat_interval?: number;
}
export interface InhibitRuleConfig {
  readonly name?: string;
  readonly source_match?: Readonly<Record<string, string>>;
  readonly source_match_re?: Readonly<Record<string, string>>;
  readonly source_matchers?: readonly Matcher[];
  readonly target_match?: Readonly<Record<string, string>>;
  readonly target_match_re?: Readonly<Record<string, string>>;
  readonly target_matchers?: readonly Matcher[];
  readonly equal?: readonly string[];
}
export interface ReceiverConfig {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `slack_configs`, `webhook_configs`, … each a list of settings. */
  readonly [integration: string]: unknown;
}
export interface NamedIntervals {
  readonly name: string;
  readonly time_intervals?: readonly TimeInterval[];
}
export interface Config {
  readonly global: Values;
  readonly route: RouteConfig;
  readonly inhibit_rules?: readonly InhibitRuleConfig[];
  readonly receivers?: readonly ReceiverConfig[];
  readonly templates?: readonly string[];
  readonly mute_time_intervals?: readonly NamedIntervals[];
  readonly time_intervals?: readonly NamedIntervals[];
}

const fail = (message: string): never => {
  throw new ConfigError(message);
};
const has = (values: Values, name: string) => values[name] !== undefined && values[name] !== '';

const globalSchema = struct(
  'resolve_timeout:dur http_config?:http jira_api_url?:url smtp_from?:str smtp_hello?:str smtp_smarthost?:hostport smtp_auth_username?:str smtp_auth_password?:secret smtp_auth_password_file?:str smtp_auth_secret?:secret smtp_auth_secret_file?:str smtp_auth_identity?:str smtp_require_tls:bool smtp_tls_config?:tls smtp_force_implicit_tls?:bool slack_api_url?:surl slack_api_url_file?:str slack_app_token?:secret slack_app_token_file?:str slack_app_url?:url pagerduty_url?:url opsgenie_api_url?:url opsgenie_api_key?:secret opsgenie_api_key_file?:str wechat_api_url?:url wechat_api_secret?:secret wechat_api_secret_file?:str wechat_api_corp_id?:str victorops_api_url?:url victorops_api_key?:secret victorops_api_key_file?:str telegram_api_url?:url telegram_bot_token?:secret telegram_bot_token_file?:str webex_api_url?:url rocketchat_api_url?:url rocketchat_token?:secret rocketchat_token_file?:str rocketchat_token_id?:secret rocketchat_token_id_file?:str mattermost_webhook_url?:surl mattermost_webhook_url_file?:str',
  {
    defaults: () => ({
      resolve_timeout: 300_000,
      http_config: { follow_redirects: true, enable_http2: true },
      smtp_hello: 'localhost',
      smtp_require_tls: true,
      smtp_tls_config: { insecure_skip_verify: false },
      slack_app_url: 'https://slack.com/api/chat.postMessage',
      pagerduty_url: 'https://events.pagerduty.com/v2/enqueue',
      opsgenie_api_url: 'https://api.opsgenie.com/',
      wechat_api_url: 'https://qyapi.weixin.qq.com/cgi-bin/',
      victorops_api_url: 'https://alert.victorops.com/integrations/generic/20131114/alert/',
      telegram_api_url: 'https://api.telegram.org',
      webex_api_url: 'https://webexapis.com/v1/messages',
      rocketchat_api_url: 'https://open.rocket.chat/',
    }),
  },
);

/** `match_re`: an empty pattern is refused, as are those that do not compile. */
const regexpMap: Schema = {
  kind: 'custom',
  decode: (decoder: Decoder, node: Node | null) => {
    const values = decoder.decode({ kind: 'map', value: scalar('regexp') }, node) as Values | undefined;
    for (const [name, value] of Object.entries(values ?? {})) {
      if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) fail(`invalid label name ${JSON.stringify(name)}`);
      if (value === undefined) fail(`invalid regexp value for ${JSON.stringify(name)}`);
    }
    return values;
  },
};

function matchersSchema(mode: MatcherMode): Schema {
  return {
    kind: 'custom',
    decode: (decoder, node) => {
      const lines = decoder.decode({ kind: 'list', item: scalar('string') }, node) as string[] | undefined;
      if (lines === undefined) return undefined;
      try {
        return sortMatchers(lines.flatMap((line) => parseMatchers(line ?? '', mode)));
      } catch (error) {
        throw new ConfigError((error as Error).message, { cause: error });
      }
    },
  };
}

function buildSchema(mode: MatcherMode): StructSchema {
  const matchers = matchersSchema(mode);
  const routeParts: Record<string, Schema> = { matchers, regexps: regexpMap };
  const route = struct(
    'receiver?:str group_by?:[str] match?:{str} match_re?:regexps matchers?:matchers mute_time_intervals?:[str] active_time_intervals?:[str] continue:bool routes?:[self] group_wait?:dur group_interval?:dur repeat_interval?:dur',
    {
      parts: {
        ...routeParts,
        // Routes nest: the reference is filled in below.
        self: { kind: 'custom', decode: (decoder, node) => decoder.decode(route, node) },
      },
      defaults: () => ({ continue: false }),
      validate: validateRoute,
    },
  );
  const receiver = struct(
    `name:str labels?:{str} ${Object.keys(receiverSchemas)
      .map((name) => `${name}?:${name}_list`)
      .join(' ')}`,
    {
      parts: Object.fromEntries(
        Object.entries(receiverSchemas).map(([name, item]) => [
          `${name}_list`,
          { kind: 'list', item, itemType: goReceiverTypes[name] ?? `*config.${pascal(name)}` },
        ]),
      ),
      validate: (values) => {
        if (!has(values, 'name')) fail('missing name in receiver');
        const labels = (values.labels ?? {}) as Record<string, string>;
        if (labels.name !== undefined && labels.name !== values.name)
          fail(
            `receiver label "name" must match receiver name ${JSON.stringify(values.name)}, got ${JSON.stringify(labels.name)}`,
          );
        values.labels = { ...labels, name: values.name };
      },
    },
  );
  const inhibit = struct(
    'name?:str source_match?:{str} source_match_re?:regexps source_matchers?:matchers target_match?:{str} target_match_re?:regexps target_matchers?:matchers equal?:[str]',
    {
      parts: { matchers, regexps: regexpMap },
      type: 'common.plain',
      validate: (values) => {
        for (const name of [
          ...Object.keys((values.source_match ?? {}) as Values),
          ...Object.keys((values.target_match ?? {}) as Values),
        ])
          if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) fail(`invalid label name ${JSON.stringify(name)}`);
        const sources = (values.source_matchers as unknown[] | undefined) ?? [];
        const targets = (values.target_matchers as unknown[] | undefined) ?? [];
        values.source_matchers = sources.length > 0 ? sources : undefined;
        values.target_matchers = targets.length > 0 ? targets : undefined;
      },
    },
  );
  const intervals = (kind: string) =>
    struct('name:str time_intervals:[interval]', {
      parts: { interval: timeIntervalSchema },
      validate: (values) => {
        if (!has(values, 'name')) fail(`missing name in ${kind}`);
      },
    });
  return struct(
    'global?:global route?:route inhibit_rules?:inhibits receivers?:[receiver] templates:[str] mute_time_intervals?:[mute] time_intervals?:[interval] tracing?:any event_recorder?:any',
    {
      parts: {
        global: globalSchema,
        route,
        inhibits: { kind: 'list', item: inhibit, itemType: 'common.InhibitRule' },
        receiver,
        mute: intervals('mute time interval'),
        interval: intervals('time interval'),
      },
      validate: validateConfig,
    },
  );
}

const goReceiverTypes: Readonly<Record<string, string>> = {
  webhook_configs: '*webhook.WebhookConfig',
  opsgenie_configs: '*config.OpsGenieConfig',
  victorops_configs: '*config.VictorOpsConfig',
  sns_configs: '*config.SNSConfig',
  msteams_configs: '*config.MSTeamsConfig',
  msteamsv2_configs: '*config.MSTeamsV2Config',
};
/** `slack_configs` as Go names it: `SlackConfig`. */
const pascal = (name: string) => `${name[0]!.toUpperCase()}${name.slice(1, -'_configs'.length)}Config`;

const schemas = new Map<MatcherMode, StructSchema>();

/** The schema of the whole file. */
export function configSchema(mode: MatcherMode = 'fallback'): StructSchema {
  const known = schemas.get(mode) ?? buildSchema(mode);
  schemas.set(mode, known);
  return known;
}

function validateRoute(values: Values) {
  const match = (values.match ?? {}) as Record<string, string>;
  for (const name of Object.keys(match))
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) fail(`invalid label name ${JSON.stringify(name)}`);
  const groupBy = (values.group_by ?? []) as string[];
  const seen = new Set<string>();
  for (const label of groupBy) {
    if (label !== '...') {
      if (!label) fail(`invalid label name ${JSON.stringify(label ?? '')} in group_by list`);
      if (seen.has(label)) fail(`duplicated label ${JSON.stringify(label)} in group_by`);
      seen.add(label);
    }
  }
  if (groupBy.includes('...') && seen.size > 0)
    fail('cannot have wildcard group_by (`...`) and other labels at the same time');
  if (values.group_interval === 0) fail('group_interval cannot be zero');
  if (values.repeat_interval === 0) fail('repeat_interval cannot be zero');
}

/** Fills what receivers take from `global`, and checks what one section says of another. */
function validateConfig(values: Values) {
  values.global ??= globalSchema.defaults();
  const global = values.global as Values;
  const exclusive = (a: string, b: string) => {
    if (has(global, a) && has(global, b)) fail(`at most one of ${a} & ${b} must be configured`);
  };
  exclusive('slack_api_url', 'slack_api_url_file');
  exclusive('slack_app_token', 'slack_app_token_file');
  if (
    (has(global, 'slack_api_url') || has(global, 'slack_api_url_file')) &&
    (has(global, 'slack_app_token') || has(global, 'slack_app_token_file')) &&
    // The old way to use bot tokens: the API's own URL, and a token in each receiver's http_config.
    global.slack_api_url !== global.slack_app_url
  )
    fail(
      'at most one of slack_app_token/slack_app_token_file & slack_api_url/slack_api_url_file must be configured',
    );
  for (const name of [
    'opsgenie_api_key',
    'victorops_api_key',
    'smtp_auth_password',
    'smtp_auth_secret',
    'wechat_api_secret',
    'telegram_bot_token',
    'rocketchat_token',
    'rocketchat_token_id',
    'mattermost_webhook_url',
  ])
    exclusive(name, `${name}_file`);

  // An item that says nothing is a receiver without a name; nothing can refer to it.
  values.receivers = ((values.receivers ?? []) as (Values | undefined)[]).filter(
    (receiver) => receiver !== undefined,
  );
  const names = new Set<string>();
  for (const receiver of (values.receivers ?? []) as Values[]) {
    const name = String(receiver.name);
    if (names.has(name)) fail(`notification config name ${JSON.stringify(name)} is not unique`);
    for (const kind of Object.keys(receiverSchemas))
      for (const settings of (receiver[kind] ?? []) as (Values | undefined)[]) {
        if (settings === undefined) fail(`missing ${kind.replace('_configs', '')} config`);
        else inherit(kind, settings, global);
      }
    names.add(name);
  }
  const route = values.route as RouteConfig | undefined;
  if (route === undefined) return fail('no routes provided');
  if (!route.receiver) fail('root route must specify a default receiver');
  if (
    Object.keys(route.match ?? {}).length > 0 ||
    Object.keys(route.match_re ?? {}).length > 0 ||
    (route.matchers ?? []).length > 0
  )
    fail('root route must not have any matchers');
  if ((route.mute_time_intervals ?? []).length > 0) fail('root route must not have any mute time intervals');
  if ((route.active_time_intervals ?? []).length > 0)
    fail('root route must not have any active time intervals');
  checkReceivers(route, names);

  const intervals = new Set<string>();
  for (const [section, kind] of [
    ['mute_time_intervals', 'mute time interval'],
    ['time_intervals', 'time interval'],
  ] as const)
    for (const { name } of (values[section] ?? []) as NamedIntervals[]) {
      if (intervals.has(name)) fail(`${kind} ${JSON.stringify(name)} is not unique`);
      intervals.add(name);
    }
  checkIntervals(route, intervals);
}

function checkReceivers(route: RouteConfig, names: ReadonlySet<string>) {
  for (const child of route.routes ?? []) checkReceivers(child, names);
  if (route.receiver && !names.has(route.receiver))
    fail(`undefined receiver ${JSON.stringify(route.receiver)} used in route`);
}

function checkIntervals(route: RouteConfig, names: ReadonlySet<string>) {
  for (const child of route.routes ?? []) checkIntervals(child, names);
  for (const name of [...(route.active_time_intervals ?? []), ...(route.mute_time_intervals ?? [])])
    if (!names.has(name)) fail(`undefined time interval ${JSON.stringify(name)} used in route`);
}

function inherit(kind: string, settings: Values, global: Values) {
  /** Takes a value from `global` unless the receiver has its own; `message` when neither has. */
  const take = (pairs: Readonly<Record<string, string>>, message?: string) => {
    if (!Object.keys(pairs).some((name) => has(settings, name)))
      for (const [name, from] of Object.entries(pairs)) if (has(global, from)) settings[name] = global[from];
    if (message !== undefined && !Object.keys(pairs).some((name) => has(settings, name))) fail(message);
  };
  const slash = () => {
    const url = String(settings.api_url ?? '');
    if (url !== '' && !url.endsWith('/')) settings.api_url = `${url}/`;
  };
  if (kind !== 'email_configs') settings.http_config ??= global.http_config;
  switch (kind) {
    case 'email_configs': {
      settings.tls_config ??= global.smtp_tls_config;
      take({ smarthost: 'smtp_smarthost' }, 'no global SMTP smarthost set');
      take({ from: 'smtp_from' }, 'no global SMTP from set');
      take({ hello: 'smtp_hello' });
      take({ auth_username: 'smtp_auth_username' });
      take({ auth_password: 'smtp_auth_password', auth_password_file: 'smtp_auth_password_file' });
      take({ auth_secret: 'smtp_auth_secret', auth_secret_file: 'smtp_auth_secret_file' });
      take({ auth_identity: 'smtp_auth_identity' });
      settings.headers = {
        From: settings.from,
        Subject: '{{ template "email.default.subject" . }}',
        To: settings.to,
        ...(settings.headers as Values | undefined),
      };
      settings.require_tls ??= global.smtp_require_tls;
      settings.force_implicit_tls ??= global.smtp_force_implicit_tls;
      break;
    }
    case 'slack_configs': {
      settings.app_url ??= global.slack_app_url;
      if (!has(settings, 'app_token') && !has(settings, 'app_token_file'))
        take({ api_url: 'slack_api_url', api_url_file: 'slack_api_url_file' });
      if (!has(settings, 'api_url') && !has(settings, 'api_url_file'))
        take(
          { app_token: 'slack_app_token', app_token_file: 'slack_app_token_file' },
          'no Slack API URL nor App token set either inline or in a file',
        );
      break;
    }
    case 'pagerduty_configs':
      take({ url: 'pagerduty_url' }, 'no global PagerDuty URL set');
      break;
    case 'opsgenie_configs':
      take({ api_url: 'opsgenie_api_url' }, 'no global OpsGenie URL set');
      slash();
      take(
        { api_key: 'opsgenie_api_key', api_key_file: 'opsgenie_api_key_file' },
        'no global OpsGenie API Key set either inline or in a file',
      );
      break;
    case 'wechat_configs':
      take({ api_url: 'wechat_api_url' }, 'no global Wechat URL set');
      take(
        { api_secret: 'wechat_api_secret', api_secret_file: 'wechat_api_secret_file' },
        'no global Wechat Api Secret set either inline or in a file',
      );
      take({ corp_id: 'wechat_api_corp_id' }, 'no global Wechat CorpID set');
      slash();
      break;
    case 'victorops_configs':
      take({ api_url: 'victorops_api_url' }, 'no global VictorOps URL set');
      slash();
      take(
        { api_key: 'victorops_api_key', api_key_file: 'victorops_api_key_file' },
        'no global VictorOps API Key set',
      );
      break;
    case 'telegram_configs':
      take({ api_url: 'telegram_api_url' });
      take(
        { bot_token: 'telegram_bot_token', bot_token_file: 'telegram_bot_token_file' },
        'missing bot_token or bot_token_file on telegram_config',
      );
      break;
    case 'webex_configs':
      take({ api_url: 'webex_api_url' }, 'no global Webex URL set');
      break;
    case 'jira_configs':
      take({ api_url: 'jira_api_url' }, 'no global Jira Cloud URL set');
      break;
    case 'rocketchat_configs':
      take({ api_url: 'rocketchat_api_url' });
      take(
        { token_id: 'rocketchat_token_id', token_id_file: 'rocketchat_token_id_file' },
        'no global Rocketchat TokenID set either inline or in a file',
      );
      take(
        { token: 'rocketchat_token', token_file: 'rocketchat_token_file' },
        'no global Rocketchat Token set either inline or in a file',
      );
      break;
    case 'mattermost_configs':
      take(
        { webhook_url: 'mattermost_webhook_url', webhook_url_file: 'mattermost_webhook_url_file' },
        'missing webhook_url or webhook_url_file on mattermost_config',
      );
      break;
  }
}

/** Reads a configuration file's text. Throws {@link ConfigError} with the real Alertmanager's message. */
export function parseConfig(text: string, mode: MatcherMode = 'fallback'): Config {
  const config = decodeYaml(text, configSchema(mode)) as Config | undefined;
  if (config?.route === undefined) throw new ConfigError('no route provided in config');
  if (config.route.continue) throw new ConfigError('cannot have continue in root route');
  return config;
}
