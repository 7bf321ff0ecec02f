import { escapeHtml, escapeJs, wellFormed } from './builtins.ts';
import { formatValue, SafeHtml } from './values.ts';

type Context = 'text' | 'tag' | 'attribute' | 'url' | 'script' | 'style' | 'comment' | 'rcdata';

/**
 * Escapes values by the place in the HTML where they appear, as Go's html/template does: text, attributes, URLs,
 * scripts. It follows the literal text at run time. Values in styles, and URLs of a dangerous scheme, are refused
 * with Go's `ZgotmplZ`.
 */
export class HtmlEscaper {
  #context: Context = 'text';
  #quote = '';
  #attribute = '';
  #element = '';
  #urlStarted = false;
  #inQuery = false;

  /** Takes literal text; returns what to write (comments are dropped, as html/template does). */
  literal(text: string): string {
    let out = '';
    let index = 0;
    while (index < text.length) {
      const rest = text.slice(index);
      switch (this.#context) {
        case 'comment': {
          const end = rest.indexOf('-->');
          if (end < 0) return out;
          index += end + 3;
          this.#context = 'text';
          break;
        }
        case 'text': {
          const open = /<(?:!--|\/?[a-zA-Z][^\s/>]*)/.exec(rest);
          if (open === null) return out + rest;
          out += rest.slice(0, open.index);
          index += open.index + open[0].length;
          if (open[0] === '<!--') this.#context = 'comment';
          else {
            out += open[0];
            this.#element = open[0].slice(1).toLowerCase();
            this.#context = 'tag';
          }
          break;
        }
        case 'script':
        case 'style':
        case 'rcdata': {
          const end = rest.toLowerCase().indexOf(`</${this.#element}`);
          if (end < 0) return out + rest;
          out += rest.slice(0, end + 2 + this.#element.length);
          index += end + 2 + this.#element.length;
          this.#element = '';
          this.#context = 'tag';
          break;
        }
        case 'tag': {
          const part = /^(?:\s+|\/|([^\s=>/"']+)\s*=\s*(["']?)|[^\s=>/]+|>|=|["'])/.exec(rest);
          const token = part?.[0] ?? rest[0] ?? '';
          out += token;
          index += token.length;
          if (token === '>') {
            const special = {
              script: 'script',
              style: 'style',
              textarea: 'rcdata',
              title: 'rcdata',
            } as const;
            this.#context = special[this.#element as keyof typeof special] ?? 'text';
          } else if (part?.[1] !== undefined) {
            this.#attribute = part[1].toLowerCase();
            this.#quote = part[2] ?? '';
            this.#urlStarted = false;
            this.#inQuery = false;
            this.#context = isUrlAttribute(this.#attribute) ? 'url' : 'attribute';
          }
          break;
        }
        case 'attribute':
        case 'url': {
          const end = this.#quote === '' ? rest.search(/[\s>]/) : rest.indexOf(this.#quote);
          const value = end < 0 ? rest : rest.slice(0, end);
          out += value;
          if (value !== '') this.#urlStarted = true;
          if (/[?#]/.test(value)) this.#inQuery = true;
          if (end < 0) return out;
          out += this.#quote;
          index += end + this.#quote.length;
          this.#context = 'tag';
          break;
        }
      }
    }
    return out;
  }

  /** A value, escaped for the place where it stands. */
  value(value: unknown): string {
    const text = value === null || value === undefined ? '' : formatValue(value);
    switch (this.#context) {
      case 'text':
      case 'rcdata':
        return value instanceof SafeHtml && this.#context === 'text'
          ? value.text
          : escapeHtml(text).replaceAll('+', '&#43;');
      case 'attribute':
        if (this.#attribute.startsWith('on')) return escapeHtml(scriptValue(value));
        if (this.#attribute === 'style') return 'ZgotmplZ';
        return escapeHtml(text).replaceAll('+', '&#43;');
      case 'url': {
        const started = this.#urlStarted;
        this.#urlStarted = true;
        if (this.#inQuery) return encodeURIComponent(wellFormed(text)).replace(/[!'()*]/g, percent);
        if (!started && !isSafeUrl(text)) return '#ZgotmplZ';
        if (/[?#]/.test(text)) this.#inQuery = started;
        return escapeHtml(normalizeUrl(text));
      }
      case 'script':
        return scriptValue(value);
      case 'style':
        return 'ZgotmplZ';
      case 'tag':
        return /^[a-zA-Z0-9-]*$/.test(text) ? text : 'ZgotmplZ';
      case 'comment':
        return '';
    }
  }
}

const percent = (char: string) => `%${char.charCodeAt(0).toString(16)}`;
const isUrlAttribute = (name: string) =>
  [
    'href',
    'src',
    'action',
    'formaction',
    'cite',
    'poster',
    'background',
    'data',
    'longdesc',
    'usemap',
  ].includes(name);

function isSafeUrl(url: string): boolean {
  const colon = url.indexOf(':');
  if (colon < 0 || url.slice(0, colon).includes('/')) return true;
  return ['http', 'https', 'mailto'].includes(url.slice(0, colon).toLowerCase());
}

/** Percent-encodes what may not stand in a URL, and leaves what is encoded already. */
function normalizeUrl(url: string): string {
  return wellFormed(url)
    .replace(/[^A-Za-z0-9\-._~!#$&*+,/:;=?@[\]%]/gu, (char) =>
      [...Buffer.from(char)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    )
    .replace(/%(?![0-9a-fA-F]{2})/g, '%25');
}

function scriptValue(value: unknown): string {
  if (typeof value === 'string') return `"${escapeJs(value)}"`;
  if (value === null || value === undefined) return ' null ';
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean')
    return ` ${value} `;
  return `"${escapeJs(formatValue(value))}"`;
}
