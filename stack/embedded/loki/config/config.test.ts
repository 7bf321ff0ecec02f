import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';

describe('the configuration file', () => {
  // Asked of Loki 3.7.7 with -verify-config; it writes each problem on a line of its own.
  it.each([
    ['auth_enabled: false\nfoo: 1\n', 'line 2: field foo not found in type loki.ConfigWrapper'],
    ['limits_config:\n  bar: 2\n', 'line 2: field bar not found in type validation.plain'],
    ['server:\n  http_listen_prt: 3\n', 'line 2: field http_listen_prt not found in type server.Config'],
    ['- a\n', 'line 1: cannot unmarshal !!seq into loki.ConfigWrapper'],
    ['hello\n', 'line 1: cannot unmarshal !!str `hello` into loki.ConfigWrapper'],
    ['limits_config: 3\n', 'line 1: cannot unmarshal !!int `3` into validation.plain'],
  ])('%j is refused in the words of the real one', (yaml, message) => {
    expect(() => parseConfig(yaml)).toThrow(`yaml: unmarshal errors: ${message}`);
  });

  it('names every unknown key', () => {
    expect(() => parseConfig('a: 1\nb: 2\n')).toThrow(/line 1: field a .*; line 2: field b /);
  });

  it.each(['', 'auth_enabled: true\n'])('%j asks for tenants, which it does not keep apart', (yaml) => {
    expect(() => parseConfig(yaml)).toThrow('auth_enabled: the embedded Loki has one tenant');
  });

  it('accepts what Loki knows, also where it has no use for it', () => {
    const config = parseConfig(
      'auth_enabled: false\nruler:\n  storage: {type: local}\nlimits_config:\n  retention_stream: []\n  max_query_series: 7\nserver:\n',
    );
    expect(config.limits_config.max_query_series).toBe(7);
    expect(config.server.http_listen_port).toBe(3100);
  });
});
