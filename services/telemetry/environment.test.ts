import { describe, expect, it } from 'vitest';
import { apiEnvironmentSchema } from '../api/environment.ts';
import { gatewayEnvironmentSchema } from '../gateway/environment.ts';
import { readEnvironment } from './environment.ts';

const common = { SERVICE_NAME: 'x', INSTANCE: 'x-1', PORT: '0', ADMIN_PORT: '0', LAB_TOKEN: 'a-long-token' };
const api = { ...common, DATABASE_URL: 'postgres://u:p@127.0.0.1/notes', AUTH_TOKEN_SECRET: 's'.repeat(32) };

describe('readEnvironment', () => {
  it('takes an empty LOKI_URL for an unset one', () => {
    expect(readEnvironment(apiEnvironmentSchema, { ...api, LOKI_URL: '' }).LOKI_URL).toBeUndefined();
  });

  it('reads upstreams with their names', () => {
    const { UPSTREAMS } = readEnvironment(gatewayEnvironmentSchema, {
      ...common,
      UPSTREAMS: 'api-1=http://127.0.0.1:8101, api-2=http://127.0.0.1:8102',
    });
    expect(UPSTREAMS.map(({ name, url }) => `${name} ${url.host}`)).toEqual([
      'api-1 127.0.0.1:8101',
      'api-2 127.0.0.1:8102',
    ]);
  });

  it.each([
    [{ PORT: '70000' }, 'bad environment: PORT is "70000": Too big: expected number to be <=65535'],
    [{ PORT: undefined }, 'bad environment: PORT is not set: Invalid input: expected number, received NaN'],
    [
      { OTEL_TRACES_SAMPLER: 'sometimes' },
      'bad environment: OTEL_TRACES_SAMPLER is "sometimes": Invalid option: expected one of "always_on"|"always_off"|"traceidratio"|"parentbased_always_on"|"parentbased_always_off"|"parentbased_traceidratio"',
    ],
    [
      { AUTH_TOKEN_SECRET: 'short' },
      'bad environment: AUTH_TOKEN_SECRET is set: Too small: expected string to have >=32 characters',
    ],
    [{ DATABASE_URL: 'mysql://u:p@h/d' }, 'bad environment: DATABASE_URL is set: Invalid URL'],
  ])('refuses %j with one line that shows no secret', (change, message) => {
    expect(() => readEnvironment(apiEnvironmentSchema, { ...api, ...change })).toThrow(message);
  });

  it.each([
    ['', 'bad environment: UPSTREAMS is "": at least one upstream is needed'],
    ['api-1', '"api-1" must read name=http://host:port'],
    ['a=http://h:1,a=http://h:2', 'each upstream needs a name of its own'],
    ['a=https://h', '"a=https://h" must read name=http://host:port'],
  ])('refuses UPSTREAMS %j', (UPSTREAMS, message) => {
    expect(() => readEnvironment(gatewayEnvironmentSchema, { ...common, UPSTREAMS })).toThrow(message);
  });
});
