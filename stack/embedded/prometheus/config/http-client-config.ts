import { readFileSync } from 'node:fs';
import {
  boolean,
  ConfigError,
  type Decoder,
  type Fields,
  list,
  map,
  string,
  struct,
} from './yaml-decoder.ts';

export interface BasicAuth {
  username: string;
  username_file: string;
  password: string;
  password_file: string;
}

export interface Authorization {
  type: string;
  credentials: string;
  credentials_file: string;
}

export interface TlsConfig {
  ca: string;
  ca_file: string;
  cert: string;
  cert_file: string;
  key: string;
  key_file: string;
  server_name: string;
  insecure_skip_verify: boolean;
  min_version: string;
  max_version: string;
}

interface HttpHeader {
  values: string[];
  secrets: string[];
  files: string[];
}

/** How a target or an Alertmanager is talked to. */
export interface HttpClientConfig {
  basic_auth?: Partial<BasicAuth>;
  authorization?: Partial<Authorization>;
  bearer_token?: string;
  bearer_token_file?: string;
  tls_config?: Partial<TlsConfig>;
  follow_redirects?: boolean;
  enable_http2?: boolean;
  http_headers?: Record<string, Partial<HttpHeader>>;
  proxy_url?: string;
  no_proxy?: string;
  proxy_from_environment?: boolean;
}

/** A field that the real server knows and the embedded one does not serve: refused with a sentence, not ignored. */
export function unsupported(field: string): Decoder<never> {
  return () => {
    throw new ConfigError(`${field} is not supported by the embedded Prometheus`);
  };
}

const tlsFields: Fields<TlsConfig> = {
  ca: string,
  ca_file: string,
  cert: string,
  cert_file: string,
  key: string,
  key_file: string,
  server_name: string,
  insecure_skip_verify: boolean,
  min_version: string,
  max_version: string,
};

/** The fields that scrape configs, Alertmanagers and others share. */
export const httpClientFields: Fields<HttpClientConfig> & { readonly oauth2: Decoder<never> } = {
  basic_auth: struct<BasicAuth>('config.plain', {
    username: string,
    username_file: string,
    password: string,
    password_file: string,
  }),
  authorization: struct<Authorization>('config.plain', {
    type: string,
    credentials: string,
    credentials_file: string,
  }),
  bearer_token: string,
  bearer_token_file: string,
  tls_config: struct<TlsConfig>('config.plain', tlsFields),
  follow_redirects: boolean,
  enable_http2: boolean,
  http_headers: map(
    struct<HttpHeader>('config.plain', { values: list(string), secrets: list(string), files: list(string) }),
  ),
  proxy_url: unsupported('proxy_url'),
  no_proxy: string,
  proxy_from_environment: boolean,
  oauth2: unsupported('oauth2'),
};

/** Prometheus' checks on what excludes what. */
export function checkHttpClient(config: HttpClientConfig): void {
  const { basic_auth: basic, authorization } = config;
  const refuse = (message: string): never => {
    throw new ConfigError(message);
  };
  const bearer = (config.bearer_token ?? config.bearer_token_file) !== undefined;
  if (config.bearer_token !== undefined && config.bearer_token_file !== undefined) {
    refuse('at most one of bearer_token & bearer_token_file must be configured');
  }
  if (basic !== undefined && bearer) {
    refuse('at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured');
  }
  if (basic?.username !== undefined && basic.username_file !== undefined) {
    refuse('at most one of basic_auth username & username_file must be configured');
  }
  if (basic?.password !== undefined && basic.password_file !== undefined) {
    refuse('at most one of basic_auth password & password_file must be configured');
  }
  if (authorization !== undefined) {
    if (bearer) refuse('authorization is not compatible with bearer_token & bearer_token_file');
    if (authorization.credentials !== undefined && authorization.credentials_file !== undefined) {
      refuse('at most one of authorization credentials & credentials_file must be configured');
    }
    if ((authorization.type ?? 'Bearer').toLowerCase() === 'basic') {
      refuse('authorization type cannot be set to "basic", use "basic_auth" instead');
    }
    if (basic !== undefined) refuse('at most one of basic_auth, oauth2 & authorization must be configured');
  }
}

/** The headers to send; files are read anew each time, so that a rotated secret is taken. */
export function requestHeaders(config: HttpClientConfig): Record<string, string> {
  const headers: Record<string, string> = {};
  const read = (path: string): string => readFileSync(path, 'utf8').trim();
  for (const [name, { values = [], secrets = [], files = [] }] of Object.entries(config.http_headers ?? {})) {
    headers[name] = [...values, ...secrets, ...files.map(read)].join(', ');
  }
  const { basic_auth: basic, authorization } = config;
  if (basic !== undefined) {
    const user = basic.username_file === undefined ? (basic.username ?? '') : read(basic.username_file);
    const password = basic.password_file === undefined ? (basic.password ?? '') : read(basic.password_file);
    headers.Authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  } else if (authorization !== undefined) {
    const file = authorization.credentials_file;
    headers.Authorization = `${authorization.type ?? 'Bearer'} ${file === undefined ? (authorization.credentials ?? '') : read(file)}`;
  } else if (config.bearer_token !== undefined) headers.Authorization = `Bearer ${config.bearer_token}`;
  else if (config.bearer_token_file !== undefined)
    headers.Authorization = `Bearer ${read(config.bearer_token_file)}`;
  return headers;
}
