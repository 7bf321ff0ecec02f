import { goQuote } from '../promql/parser/go-quote.ts';

type NodeError = NodeJS.ErrnoException & {
  address?: string;
  port?: number;
  hostname?: string;
  host?: string;
  cert?: { subjectaltname?: string };
  rawPacket?: Buffer;
};

/** What Go's HTTP client says where Node says this, before there is an answer. */
export function wordsOfRequest(error: unknown, connection: string): string {
  const { code = '', address, port, hostname, syscall, message } = error as NodeError;
  const where = address === undefined ? '' : `${address.includes(':') ? `[${address}]` : address}:${port}`;
  switch (code) {
    case 'ECONNREFUSED':
      return `dial tcp ${where}: connect: connection refused`;
    case 'EHOSTUNREACH':
      return `dial tcp ${where}: connect: no route to host`;
    case 'ENETUNREACH':
      return `dial tcp ${where}: connect: network is unreachable`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `dial tcp: lookup ${hostname}: no such host`;
    case 'ECONNRESET':
      // Node gives the same code to a connection that ended in peace.
      return syscall === 'read' ? resetBy(connection) : 'EOF';
    case 'EPIPE':
      return 'write: broken pipe';
    case 'HPE_HEADER_OVERFLOW':
      return `${broken}net/http: server response headers exceeded ${maxHeaderBytes} bytes; aborted`;
    case 'HPE_INVALID_EOF_STATE':
      return `${broken}unexpected EOF`;
  }
  if (code.startsWith('HPE_')) return broken + wordsOfBadAnswer(error as NodeError);
  return wordsOfTls(error as NodeError) ?? message;
}

/** The same of an answer whose body breaks off: after `sizeBytes`, and `reset` when the connection did not just end. */
export function wordsOfBody(
  error: unknown,
  { connection, reset, sizeBytes }: { connection: string; reset: boolean; sizeBytes: number },
): string {
  const { code, message } = error as NodeError;
  if (code === 'ECONNRESET') return reset ? resetBy(connection) : 'unexpected EOF';
  if (code === 'HPE_INVALID_CHUNK_SIZE') return 'invalid byte in chunk length';
  if (code === 'HPE_INVALID_EOF_STATE') return 'unexpected EOF';
  if (code === 'Z_BUF_ERROR') return sizeBytes === 0 ? 'EOF' : 'unexpected EOF';
  if (code === 'Z_DATA_ERROR') {
    if (/header|compression method/.test(message))
      return sizeBytes < gzipHeaderBytes ? 'unexpected EOF' : 'gzip: invalid header';
    return /check/.test(message) ? 'gzip: invalid checksum' : 'flate: corrupt input';
  }
  return message;
}

/** Go's limit. */
export const maxHeaderBytes = 10 << 20;
const gzipHeaderBytes = 10;
const broken = 'net/http: HTTP/1.x transport connection broken: ';

function resetBy(connection: string): string {
  return `read${connection === '' ? '' : ` tcp ${connection}`}: read: connection reset by peer`;
}

/** What is wrong with a URL that cannot be asked for, as Go says it. */
export function wordsOfUrl(url: string): string {
  const [, port = ''] = /^\w+:\/\/[^/]*?(:[^:/\]]*)?(?:\/|$)/.exec(url) ?? [];
  if (/^:\d+$/.test(port)) return `Get ${goQuote(url)}: dial tcp: address ${port.slice(1)}: invalid port`;
  return `parse ${goQuote(url)}: ${port === '' ? 'invalid host' : `invalid port ${goQuote(port)} after host`}`;
}

function wordsOfBadAnswer({ code, rawPacket }: NodeError): string {
  const answer = rawPacket?.toString('latin1') ?? '';
  const lines = answer.split('\n').map((line) => line.replace(/\r$/, ''));
  const [, status] = /^[^ ]* +([^ ]*)/.exec(lines[0]!) ?? [];
  const length = /^content-length: *(.*)$/im.exec(answer)?.[1]?.trim();
  if (status === undefined) return `malformed HTTP response ${goQuote(lines[0]!)}`;
  if (!/^\d{3}$/.test(status)) return `malformed HTTP status code ${goQuote(status)}`;
  if (!lines[0]!.startsWith('HTTP/')) return `malformed HTTP version ${goQuote(lines[0]!.split(' ')[0]!)}`;
  if (code === 'HPE_INVALID_CONTENT_LENGTH') return `bad Content-Length ${goQuote(length ?? '')}`;
  if (code === 'HPE_UNEXPECTED_CONTENT_LENGTH')
    return 'http: message cannot contain multiple Content-Length headers';
  const headersEnd = lines.indexOf('', 1);
  const bad = lines.slice(1, headersEnd === -1 ? undefined : headersEnd).find((line) => !line.includes(':'));
  return bad === undefined
    ? `malformed HTTP response ${goQuote(lines[0]!)}`
    : `malformed MIME header: missing colon: ${goQuote(bad)}`;
}

function wordsOfTls({ code, host, cert }: NodeError): string | undefined {
  const verify = 'tls: failed to verify certificate: x509: ';
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return `${verify}certificate signed by unknown authority`;
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return `${verify}certificate has expired or is not yet valid`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID': {
      const names = (cert?.subjectaltname ?? '').replaceAll(/(DNS|IP Address):/g, '');
      return `${verify}certificate is valid for ${names}, not ${host}`;
    }
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return 'http: server gave HTTP response to HTTPS client';
    default:
      return undefined;
  }
}
