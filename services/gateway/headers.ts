import type { IncomingHttpHeaders } from 'node:http';

/** Headers that speak of one connection, not of the message (RFC 9110, section 7.6.1). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The headers that go on to the next hop: neither those of the connection nor those that `Connection` names. */
export function endToEndHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = new Set(
    (headers.connection ?? '')
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  );
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !hopByHop.has(name) && !named.has(name)),
  );
}

export interface Client {
  address: string | undefined;
  host: string | undefined;
  requestId: string | undefined;
}

/** What an upstream is told: the client's headers, its request ID, and whom the gateway speaks for. */
export function upstreamHeaders(headers: IncomingHttpHeaders, client: Client): IncomingHttpHeaders {
  const forwarded = [headers['x-forwarded-for'], client.address]
    .filter((part) => part !== undefined)
    .join(', ');
  const { expect: _answeredHere, 'content-length': _setFromBody, ...rest } = endToEndHeaders(headers);
  return {
    ...rest,
    'x-forwarded-for': forwarded,
    'x-forwarded-proto': 'http',
    ...(client.host !== undefined && { 'x-forwarded-host': client.host }),
    ...(client.requestId !== undefined && { 'x-request-id': client.requestId }),
  };
}
