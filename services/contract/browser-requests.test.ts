import { describe, expect, it } from 'vitest';
import { foreignRequest } from './browser-requests.ts';

describe('a request by a browser', () => {
  it.each([
    'localhost:9090',
    'LOCALHOST',
    'lab.localhost:3000',
    '127.0.0.1:9090',
    '[::1]:9090',
    '192.168.1.7:9090',
    'inbox:8085',
  ])('is answered as %s', (host) => {
    expect(foreignRequest('GET', { host })).toBeUndefined();
    expect(foreignRequest('POST', { host, origin: `http://${host}` })).toBeUndefined();
  });

  it('is answered without a Host, as HTTP/1.0 sends it', () => {
    expect(foreignRequest('GET', {})).toBeUndefined();
  });

  it.each([
    'evil.example:9090',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example.:80',
    'a b',
    '',
  ])('is refused as "%s", a name that others can point here', (host) => {
    expect(foreignRequest('GET', { host })).toBe(
      `Host "${host}" is not a name of this machine. Use localhost or an IP address.`,
    );
  });

  it.each(['https://evil.example', 'null', 'http://localhost.evil.example:80'])(
    'of the origin %s may read, and change nothing',
    (origin) => {
      const headers = { host: 'localhost:9093', origin };
      expect(foreignRequest('GET', headers)).toBeUndefined();
      expect(foreignRequest('POST', headers)).toContain(`Origin "${origin}" may not change anything here`);
      expect(foreignRequest('DELETE', headers)).toContain('may not change anything here');
    },
  );

  it('that a page of another site sends without an origin is refused', () => {
    expect(foreignRequest('POST', { host: 'localhost', 'sec-fetch-site': 'cross-site' })).toContain(
      'A page of another site may not change anything here',
    );
    expect(foreignRequest('POST', { host: 'localhost', 'sec-fetch-site': 'same-site' })).toBeUndefined();
  });
});
