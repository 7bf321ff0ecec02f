/** Longer than most files: a table, the fields and rules of every receiver type. */
import { ConfigError, type Field, type Scalar, type Schema, type StructSchema } from './decode.ts';

type Values = Record<string, unknown>;
type Struct = (
  fields: string,
  options?: Partial<Pick<StructSchema, 'type' | 'defaults' | 'validate'>> & {
    parts?: Readonly<Record<string, Schema>>;
  },
) => StructSchema;

const shorthand: Readonly<Record<string, Scalar>> = {
  str: 'string',
  bool: 'bool',
  int: 'int',
  uint64: 'uint64',
  int64: 'int64',
  textdur: 'textDuration',
  turl: 'templateUrl',
  dur: 'duration',
  godur: 'goDuration',
  url: 'url',
  surl: 'secretUrl',
  secret: 'secret',
  hostport: 'hostPort',
  any: 'any',
};
/** Types that several structs use, by name. */
const shared: Record<string, Schema> = {};
export const scalar = (type: Scalar): Schema => ({ kind: 'scalar', type });
export const list = (item: Schema): Schema => ({ kind: 'list', item });
export const map = (value: Schema): Schema => ({ kind: 'map', value });

/**
 * Declares a struct by its fields in the order in which they are written out: `name:type`, with `?` after the name
 * when an empty value is left out. A type is a shorthand, `[type]`, `{type}` for a map, or the name of a part.
 */
export const struct: Struct = (fields, options = {}) => {
  const typeOf = (text: string): Schema => {
    if (text.startsWith('[')) return list(typeOf(text.slice(1, -1)));
    if (text.startsWith('{')) return map(typeOf(text.slice(1, -1)));
    const part = options.parts?.[text] ?? shared[text];
    if (part !== undefined) return part;
    const known = shorthand[text];
    if (known === undefined) throw new Error(`schema: unknown type ${text}`);
    return scalar(known);
  };
  const parsed: Field[] = fields
    .trim()
    .split(/\s+/)
    .map((item) => {
      const [name = '', type = 'str'] = item.split(':');
      return { name: name.replace('?', ''), omitEmpty: name.endsWith('?'), schema: typeOf(type) };
    });
  return {
    kind: 'struct',
    type: options.type ?? 'config.plain',
    fields: parsed,
    defaults: options.defaults ?? (() => ({})),
    validate: options.validate ?? (() => {}),
  };
};

const has = (values: Values, name: string) => values[name] !== undefined && values[name] !== '';
const fail = (message: string): never => {
  throw new ConfigError(message);
};
/** Refuses two fields that exclude each other. */
export const atMostOne = (values: Values, ...pairs: readonly (readonly [string, string])[]) => {
  for (const [a, b] of pairs)
    if (has(values, a) && has(values, b)) fail(`at most one of ${a} & ${b} must be configured`);
};
const required = (values: Values, name: string, message: string) => {
  if (!has(values, name)) fail(message);
};

const tls = struct(
  'ca?:str cert?:str key?:secret ca_file?:str cert_file?:str key_file?:str ca_ref?:str cert_ref?:str key_ref?:str server_name?:str insecure_skip_verify:bool min_version?:str max_version?:str',
  {
    defaults: () => ({ insecure_skip_verify: false }),
    validate: (values) => {
      atMostOne(values, ['ca', 'ca_file'], ['cert', 'cert_file'], ['key', 'key_file']);
      const cert = has(values, 'cert') || has(values, 'cert_file');
      const key = has(values, 'key') || has(values, 'key_file');
      if (cert && !key)
        fail('exactly one of key or key_file must be configured when a client certificate is configured');
      if (key && !cert)
        fail('exactly one of cert or cert_file must be configured when a client key is configured');
    },
  },
);
shared.tls = tls;
shared.basicAuth = struct(
  'username?:str username_file?:str username_ref?:str password?:secret password_file?:str password_ref?:str',
);
shared.authorization = struct('type?:str credentials?:secret credentials_file?:str credentials_ref?:str');
shared.oauth2 = struct(
  'client_id:str client_secret?:secret client_secret_file?:str client_secret_ref?:str client_certificate_key?:secret client_certificate_key_file?:str client_certificate_key_id?:str client_certificate_key_ref?:str grant_type?:str signature_algorithm?:str iss?:str audience?:str claims?:{any} scopes?:[str] token_url:str endpoint_params?:{str} tls_config?:tls proxy_url?:str no_proxy?:str proxy_from_environment?:bool proxy_connect_header?:{any}',
);
const httpHeader = struct('values?:[str] secrets?:[secret] files?:[str]');
/** Settings of the client that a notifier sends with. */
const http = struct(
  'basic_auth?:basicAuth authorization?:authorization oauth2?:oauth2 bearer_token?:secret bearer_token_file?:str tls_config?:tls follow_redirects:bool enable_http2:bool proxy_url?:str no_proxy?:str proxy_from_environment?:bool proxy_connect_header?:{any} http_headers?:{header}',
  {
    parts: { header: httpHeader },
    defaults: () => ({ follow_redirects: true, enable_http2: true }),
    validate: validateHttp,
  },
);
shared.http = http;
export const httpSchema = http;
export const tlsSchema = tls;

function validateHttp(values: Values) {
  const proxy = values.proxy_url;
  if (typeof proxy === 'string' && proxy.startsWith(':'))
    fail(`parse ${JSON.stringify(proxy)}: missing protocol scheme`);
  const basic = values.basic_auth as Values | undefined;
  const authorization = values.authorization as Values | undefined;
  const oauth2 = values.oauth2 as Values | undefined;
  const bearer = has(values, 'bearer_token') || has(values, 'bearer_token_file');
  atMostOne(values, ['bearer_token', 'bearer_token_file']);
  if ((basic !== undefined || oauth2 !== undefined) && bearer)
    fail('at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured');
  if (basic !== undefined) {
    if (has(basic, 'username') && has(basic, 'username_file'))
      fail('at most one of basic_auth username, username_file & username_ref must be configured');
    if (has(basic, 'password') && has(basic, 'password_file'))
      fail('at most one of basic_auth password, password_file & password_ref must be configured');
  }
  if (authorization !== undefined) {
    if (bearer) fail('authorization is not compatible with bearer_token & bearer_token_file');
    if (has(authorization, 'credentials') && has(authorization, 'credentials_file'))
      fail('at most one of authorization credentials & credentials_file must be configured');
    const type = String(authorization.type ?? '').trim() || 'Bearer';
    authorization.type = type;
    if (type.toLowerCase() === 'basic')
      fail('authorization type cannot be set to "basic", use "basic_auth" instead');
    if (basic !== undefined || oauth2 !== undefined)
      fail('at most one of basic_auth, oauth2 & authorization must be configured');
  } else if (bearer) {
    values.authorization = {
      type: 'Bearer',
      ...(has(values, 'bearer_token') ? { credentials: values.bearer_token } : {}),
      ...(has(values, 'bearer_token_file') ? { credentials_file: values.bearer_token_file } : {}),
    };
    delete values.bearer_token;
    delete values.bearer_token_file;
  }
  if (oauth2 !== undefined) {
    if (basic !== undefined) fail('at most one of basic_auth, oauth2 & authorization must be configured');
    required(oauth2, 'client_id', 'oauth2 client_id must be configured');
    required(oauth2, 'token_url', 'oauth2 token_url must be configured');
  }
}

const t = (name: string) => `{{ template "${name}" . }}`;
const notifier = (
  fields: string,
  defaults: Values,
  validate: (values: Values) => void = () => {},
  parts: Readonly<Record<string, Schema>> = {},
  type = 'config.plain',
): StructSchema =>
  struct(`send_resolved:bool ${fields}`, {
    defaults: () => structuredClone(defaults),
    validate,
    parts,
    type,
  });

const webhookUrl = (values: Values) => {
  if (!has(values, 'webhook_url') && !has(values, 'webhook_url_file'))
    fail('one of webhook_url or webhook_url_file must be configured');
  atMostOne(values, ['webhook_url', 'webhook_url_file']);
};
const slackConfirm = struct('text?:str title?:str ok_text?:str dismiss_text?:str', {
  validate: (values) => required(values, 'text', 'missing text in Slack confirmation configuration'),
});
const slackAction = struct('type?:str text?:str url?:str style?:str name?:str value?:str confirm?:confirm', {
  parts: { confirm: slackConfirm },
  validate: (values) => {
    required(values, 'type', 'missing type in Slack action configuration');
    required(values, 'text', 'missing text in Slack action configuration');
    if (has(values, 'url')) {
      delete values.name;
      delete values.value;
      delete values.confirm;
    } else required(values, 'name', 'missing name or url in Slack action configuration');
  },
});
const slackField = struct('title?:str value?:str short?:bool', {
  validate: (values) => {
    required(values, 'title', 'missing title in Slack field configuration');
    required(values, 'value', 'missing value in Slack field configuration');
  },
});
const opsgenieResponder = struct('id?:str name?:str username?:str type?:str', {
  type: 'config.OpsGenieConfigResponder',
});
const templated: Schema = {
  kind: 'custom',
  decode: (decoder, node) => {
    const value = decoder.decode({ kind: 'scalar', type: 'any' }, node);
    return typeof value === 'string' ? { template: value } : value;
  },
};
const canonicalHeader = (name: string) =>
  name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());

/** Every receiver type, in the order in which the real one writes them. Only four of them can send here. */
export const receiverSchemas: Readonly<Record<string, StructSchema>> = {
  discord_configs: notifier(
    'http_config?:http webhook_url?:surl webhook_url_file?:str content?:str title?:str message?:str username?:str avatar_url?:str',
    { send_resolved: true, title: t('discord.default.title'), message: t('discord.default.message') },
    webhookUrl,
  ),
  email_configs: notifier(
    'to?:str from?:str hello?:str smarthost?:hostport auth_username?:str auth_password?:secret auth_password_file?:str auth_secret?:secret auth_secret_file?:str auth_identity?:str headers?:{str} html?:str text?:str require_tls?:bool tls_config?:tls force_implicit_tls?:bool threading?:threading',
    { send_resolved: false, html: t('email.default.html') },
    (values) => {
      required(values, 'to', 'missing to address in email config');
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries((values.headers ?? {}) as Record<string, string>)) {
        const canonical = canonicalHeader(name);
        if (Object.hasOwn(headers, canonical))
          fail(`duplicate header ${JSON.stringify(canonical)} in email config`);
        headers[canonical] = value ?? '';
      }
      values.headers = headers;
    },
    { threading: struct('enabled?:bool thread_by_date?:str') },
  ),
  incidentio_configs: notifier(
    'http_config?:http url?:url url_file:str alert_source_token?:secret alert_source_token_file?:str max_alerts:uint64 timeout:godur',
    { send_resolved: true, url_file: '', max_alerts: 0, timeout: 0 },
    (values) => {
      if (!has(values, 'url') && !has(values, 'url_file')) fail('one of url or url_file must be configured');
      atMostOne(values, ['url', 'url_file'], ['alert_source_token', 'alert_source_token_file']);
    },
  ),
  pagerduty_configs: notifier(
    'http_config?:http service_key?:secret service_key_file?:str routing_key?:secret routing_key_file?:str url?:url client?:str client_url?:str description?:str details?:{any} images?:[image] links?:[link] source?:str severity?:str class?:str component?:str group?:str timeout:godur',
    {
      send_resolved: true,
      client: t('pagerduty.default.client'),
      client_url: t('pagerduty.default.clientURL'),
      description: '{{ template "pagerduty.default.description" .}}',
      timeout: 0,
    },
    (values) => {
      if (
        !['routing_key', 'service_key', 'routing_key_file', 'service_key_file'].some((name) =>
          has(values, name),
        )
      )
        fail('missing service or routing key in PagerDuty config');
      atMostOne(values, ['routing_key', 'routing_key_file'], ['service_key', 'service_key_file']);
      if (!has(values, 'source')) values.source = values.client;
      values.details = {
        firing: '{{ .Alerts.Firing | toJson }}',
        num_firing: '{{ .Alerts.Firing | len }}',
        num_resolved: '{{ .Alerts.Resolved | len }}',
        resolved: '{{ .Alerts.Resolved | toJson }}',
        ...(values.details as Values | undefined),
      };
    },
    {
      image: struct('src?:str alt?:str href?:str', { type: 'config.PagerdutyImage' }),
      link: struct('href?:str text?:str', { type: 'config.PagerdutyLink' }),
    },
  ),
  slack_configs: notifier(
    'http_config?:http api_url?:surl api_url_file?:str app_token?:secret app_token_file?:str app_url?:url channel?:str username?:str color?:str title?:str title_link?:str pretext?:str text?:str message_text?:str fields?:[field] short_fields:bool footer?:str fallback?:str callback_id?:str icon_emoji?:str icon_url?:str image_url?:str thumb_url?:str link_names:bool mrkdwn_in?:[str] actions?:[action] update_message:bool timeout:godur',
    {
      send_resolved: false,
      username: t('slack.default.username'),
      color: t('slack.default.color'),
      title: t('slack.default.title'),
      title_link: t('slack.default.titlelink'),
      pretext: t('slack.default.pretext'),
      text: t('slack.default.text'),
      short_fields: false,
      footer: t('slack.default.footer'),
      fallback: t('slack.default.fallback'),
      callback_id: t('slack.default.callbackid'),
      icon_emoji: t('slack.default.iconemoji'),
      icon_url: t('slack.default.iconurl'),
      link_names: false,
      update_message: false,
      timeout: 0,
    },
    (values) => {
      atMostOne(values, ['api_url', 'api_url_file'], ['app_token', 'app_token_file']);
      if (
        (has(values, 'api_url') || has(values, 'api_url_file')) &&
        (has(values, 'app_token') || has(values, 'app_token_file'))
      )
        fail('at most one of api_url/api_url_file & app_token/app_token_file must be configured');
      if (values.update_message === true && values.api_url !== 'https://slack.com/api/chat.postMessage')
        fail(
          'update_message can only be used with bot tokens. api_url must be set to https://slack.com/api/chat.postMessage',
        );
    },
    { action: slackAction, field: slackField },
  ),
  webhook_configs: notifier(
    'http_config?:http url:turl url_file:str max_alerts:uint64 timeout:godur payload?:any',
    { send_resolved: true, url_file: '', max_alerts: 0, timeout: 0 },
    (values) => {
      if (!has(values, 'url') && !has(values, 'url_file')) fail('one of url or url_file must be configured');
      atMostOne(values, ['url', 'url_file']);
    },
    {},
    'webhook.plain',
  ),
  opsgenie_configs: notifier(
    'http_config?:http api_key?:secret api_key_file?:str api_url?:url message?:str description?:str source?:str details?:{str} entity?:str responders?:[responder] actions?:str tags?:str note?:str priority?:str update_alerts?:bool',
    {
      send_resolved: true,
      message: t('opsgenie.default.message'),
      description: t('opsgenie.default.description'),
      source: t('opsgenie.default.source'),
    },
    (values) => {
      atMostOne(values, ['api_key', 'api_key_file']);
      for (const responder of (values.responders ?? []) as Values[]) {
        const shown = `{${['id', 'name', 'username', 'type'].map((name) => responder[name] ?? '').join(' ')}}`;
        if (!has(responder, 'id') && !has(responder, 'username') && !has(responder, 'name'))
          fail(
            `opsGenieConfig responder ${shown} has to have at least one of id, username or name specified`,
          );
        const type = String(responder.type ?? '');
        if (!type.includes('{{') && !/^(team|teams|user|escalation|schedule)$/i.test(type))
          fail(
            `opsGenieConfig responder ${shown} type does not match valid options ^(team|teams|user|escalation|schedule)$`,
          );
      }
    },
    { responder: opsgenieResponder },
  ),
  wechat_configs: notifier(
    'http_config?:http api_secret?:secret api_secret_file?:str corp_id?:str message?:str api_url?:url to_user?:str to_party?:str to_tag?:str agent_id?:str message_type?:str',
    {
      send_resolved: false,
      message: t('wechat.default.message'),
      to_user: t('wechat.default.to_user'),
      to_party: t('wechat.default.to_party'),
      to_tag: t('wechat.default.to_tag'),
      agent_id: t('wechat.default.agent_id'),
      message_type: 'text',
    },
    (values) => {
      if (!/^(text|markdown)$/.test(String(values.message_type)))
        fail(
          `weChat message type ${JSON.stringify(values.message_type)} does not match valid options ^(text|markdown)$`,
        );
      atMostOne(values, ['api_secret', 'api_secret_file']);
    },
  ),
  pushover_configs: notifier(
    'http_config?:http user_key?:secret user_key_file?:str token?:secret token_file?:str title?:str message?:str url?:str url_title?:str device?:str sound?:str priority?:str retry?:textdur expire?:textdur ttl?:textdur html?:bool monospace?:bool',
    {
      send_resolved: true,
      title: t('pushover.default.title'),
      message: t('pushover.default.message'),
      url: t('pushover.default.url'),
      priority: '{{ if eq .Status "firing" }}2{{ else }}0{{ end }}',
      retry: 60_000,
      expire: 3_600_000,
    },
    (values) => {
      for (const name of ['user_key', 'token']) {
        if (!has(values, name) && !has(values, `${name}_file`))
          fail(`one of ${name} or ${name}_file must be configured`);
        atMostOne(values, [name, `${name}_file`]);
      }
      if (values.html === true && values.monospace === true)
        fail('at most one of monospace & html must be configured');
    },
  ),
  victorops_configs: notifier(
    'http_config?:http api_key?:secret api_key_file?:str api_url:url routing_key:str message_type:str state_message:str entity_display_name:str monitoring_tool:str custom_fields?:{str}',
    {
      send_resolved: true,
      message_type: 'CRITICAL',
      state_message: t('victorops.default.state_message'),
      entity_display_name: t('victorops.default.entity_display_name'),
      monitoring_tool: t('victorops.default.monitoring_tool'),
    },
    (values) => {
      required(values, 'routing_key', 'missing Routing key in VictorOps config');
      atMostOne(values, ['api_key', 'api_key_file']);
      const custom = (values.custom_fields ?? {}) as Values;
      for (const name of [
        'routing_key',
        'message_type',
        'state_message',
        'entity_display_name',
        'monitoring_tool',
        'entity_id',
        'entity_state',
      ])
        if (Object.hasOwn(custom, name))
          fail(
            `victorOps config contains custom field ${name} which cannot be used as it conflicts with the fixed/static fields`,
          );
    },
  ),
  sns_configs: notifier(
    'http_config?:http api_url?:str sigv4:sigv4 topic_arn?:str phone_number?:str target_arn?:str subject?:str message?:str attributes?:{str}',
    { send_resolved: true, sigv4: {}, subject: t('sns.default.subject'), message: t('sns.default.message') },
    (values) => {
      if (['target_arn', 'topic_arn', 'phone_number'].filter((name) => has(values, name)).length % 2 === 0)
        fail('must provide either a Target ARN, Topic ARN, or Phone Number for SNS config');
    },
    {
      sigv4: struct(
        'region?:str access_key?:str secret_key?:secret profile?:str role_arn?:str external_id?:str use_fips_sts_endpoint?:bool',
        {
          validate: (values) => {
            if (has(values, 'access_key') !== has(values, 'secret_key'))
              fail(
                'must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config',
              );
          },
        },
      ),
    },
  ),
  telegram_configs: notifier(
    'http_config?:http api_url:url bot_token?:secret bot_token_file?:str chat_id?:int64 chat_id_file?:str message_thread_id?:int message?:str disable_notifications?:bool parse_mode?:str',
    { send_resolved: true, message: t('telegram.default.message'), parse_mode: 'HTML' },
    (values) => {
      atMostOne(values, ['bot_token', 'bot_token_file'], ['chat_id', 'chat_id_file']);
      if (!values.chat_id && !has(values, 'chat_id_file'))
        fail('missing chat_id or chat_id_file on telegram_config');
      if (!['', 'Markdown', 'MarkdownV2', 'HTML'].includes(String(values.parse_mode)))
        fail('unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string');
    },
  ),
  webex_configs: notifier(
    'http_config?:http api_url?:url message?:str room_id:str',
    { send_resolved: true, message: t('webex.default.message') },
    (values) => {
      required(values, 'room_id', 'missing room_id on webex_config');
      if ((values.http_config as Values | undefined)?.authorization === undefined)
        fail('missing webex_configs.http_config.authorization');
    },
  ),
  msteams_configs: notifier(
    'http_config?:http webhook_url?:surl webhook_url_file?:str title?:str summary?:str text?:str',
    {
      send_resolved: true,
      title: t('msteams.default.title'),
      summary: t('msteams.default.summary'),
      text: t('msteams.default.text'),
    },
    webhookUrl,
  ),
  msteamsv2_configs: notifier(
    'http_config?:http webhook_url?:surl webhook_url_file?:str title?:str text?:str',
    { send_resolved: true, title: t('msteamsv2.default.title'), text: t('msteamsv2.default.text') },
    webhookUrl,
  ),
  jira_configs: notifier(
    'http_config?:http api_url?:url api_type?:str project?:str summary?:templated description?:templated labels?:[str] priority?:str issue_type?:str reopen_transition?:str resolve_transition?:str wont_fix_resolution?:str reopen_duration?:dur fields?:{any} custom_fields?:{any}',
    {
      send_resolved: true,
      api_type: 'auto',
      summary: { template: t('jira.default.summary') },
      description: { template: t('jira.default.description') },
      priority: t('jira.default.priority'),
    },
    (values) => {
      required(values, 'project', 'missing project in jira_config');
      required(values, 'issue_type', 'missing issue_type in jira_config');
      if (!['auto', 'cloud', 'datacenter'].includes(String(values.api_type)))
        fail('unknown api_type on jira_config, must be auto, cloud or datacenter');
    },
    { templated },
  ),
  rocketchat_configs: notifier(
    'http_config?:http api_url?:url token_id?:secret token_id_file?:str token?:secret token_file?:str channel?:str color?:str title?:str title_link?:str text?:str fields?:[any] short_fields:bool emoji?:str icon_url?:str image_url?:str thumb_url?:str link_names:bool actions?:[any]',
    {
      send_resolved: false,
      color: '{{ if eq .Status "firing" }}red{{ else }}green{{ end }}',
      title: t('rocketchat.default.title'),
      title_link: t('rocketchat.default.titlelink'),
      text: t('rocketchat.default.text'),
      short_fields: false,
      emoji: t('rocketchat.default.emoji'),
      icon_url: t('rocketchat.default.iconurl'),
      link_names: false,
    },
    (values) => atMostOne(values, ['token', 'token_file'], ['token_id', 'token_id_file']),
  ),
  mattermost_configs: notifier(
    'http_config?:http webhook_url?:surl webhook_url_file?:str channel?:str username?:str text?:str fallback?:str color?:str pretext?:str author_name?:str author_link?:str author_icon?:str title?:str title_link?:str fields?:[any] thumb_url?:str footer?:str footer_icon?:str image_url?:str icon_url?:str icon_emoji?:str attachments?:[any] type?:str props?:any priority?:any',
    {
      send_resolved: true,
      username: t('mattermost.default.username'),
      text: t('mattermost.default.text'),
      fallback: t('mattermost.default.fallback'),
      color: t('mattermost.default.color'),
      title: t('mattermost.default.title'),
      title_link: t('mattermost.default.titlelink'),
    },
    (values) => atMostOne(values, ['webhook_url', 'webhook_url_file']),
  ),
};
