/** An e-mail as far as an alert needs it: decoded headers by lower-case name, and its text. */
export interface MailMessage {
  headers: ReadonlyMap<string, string>;
  text: string;
}

const maxParts = 20;

/**
 * Reads a message (RFC 5322) with MIME parts (RFC 2045-2047). The plain text wins; HTML is shown without its tags.
 * What is malformed reads as it stands: an alert is never refused for its form.
 */
export function parseMail(source: string): MailMessage {
  const { headers, body } = split(source);
  const texts = collect(headers, body, 0);
  const text =
    texts.find(({ type }) => type === 'text/plain') ?? texts.find(({ type }) => type === 'text/html');
  return {
    headers,
    text: text === undefined ? '' : text.type === 'text/html' ? stripTags(text.text) : text.text.trim(),
  };
}

function split(source: string): { headers: Map<string, string>; body: string } {
  const normal = source.replaceAll('\r\n', '\n');
  const end = normal.startsWith('\n') ? 0 : normal.indexOf('\n\n');
  const head = end === -1 ? normal : normal.slice(0, end);
  const headers = new Map<string, string>();
  // A line that begins with white space continues the one before.
  for (const line of head.replace(/\n[ \t]+/g, ' ').split('\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    if (!headers.has(name)) headers.set(name, decodeWords(line.slice(colon + 1).trim()));
  }
  return { headers, body: end === -1 ? '' : normal.slice(end).replace(/^\n+/, '') };
}

interface TextPart {
  type: string;
  text: string;
}

function collect(headers: ReadonlyMap<string, string>, body: string, depth: number): TextPart[] {
  const contentType = headers.get('content-type') ?? 'text/plain';
  const type = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  const boundary = /boundary="?([^";]{1,70})"?/i.exec(contentType)?.[1];
  if (type.startsWith('multipart/') && boundary !== undefined && depth < 4) {
    return body
      .split(`--${boundary}`)
      .slice(1, maxParts)
      .filter((part) => !part.startsWith('--'))
      .flatMap((part) => {
        const inner = split(part.replace(/^\n/, ''));
        return collect(inner.headers, inner.body, depth + 1);
      });
  }
  const charset = /charset="?([\w.:-]+)"?/i.exec(contentType)?.[1];
  return [{ type, text: decodeBody(body, headers.get('content-transfer-encoding') ?? '', charset) }];
}

function decodeBody(body: string, encoding: string, charset: string | undefined): string {
  switch (encoding.trim().toLowerCase()) {
    case 'base64':
      return toText(Buffer.from(body, 'base64'), charset);
    case 'quoted-printable':
      return toText(fromQuotedPrintable(body.replace(/=[ \t]*\n/g, '')), charset);
    default:
      return toText(Buffer.from(body, 'latin1'), charset);
  }
}

function fromQuotedPrintable(text: string): Buffer {
  return Buffer.from(
    text.replace(/=([0-9A-F]{2})/gi, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}

/** `=?utf-8?Q?…?=` and `=?utf-8?B?…?=` in headers. */
function decodeWords(text: string): string {
  return toText(Buffer.from(text, 'latin1'), 'utf-8')
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?([\w.-]+)\?([QB])\?([^?]*)\?=/gi, (_match, charset: string, kind: string, words: string) =>
      kind.toUpperCase() === 'B'
        ? toText(Buffer.from(words, 'base64'), charset)
        : toText(fromQuotedPrintable(words.replaceAll('_', ' ')), charset),
    );
}

function toText(bytes: Buffer, charset = 'utf-8'): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString('utf8');
  }
}

function stripTags(html: string): string {
  return html
    .replace(/<(style|script|head)\b[\s\S]*?<\/\1>/gi, '')
    .replace(/<[^>]{0,2000}>/g, ' ')
    .replaceAll('&nbsp;', ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
    .trim();
}
