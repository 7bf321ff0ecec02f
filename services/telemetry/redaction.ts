/** What stands in a log instead of a secret. */
export const redacted = '[REDACTED]';

const maxDepth = 8;
const maxEntries = 200;
const maxStringLength = 8_192;

/** Names whose value is secret wherever the name occurs in a longer one (`userPassword`, `x-auth-token`). */
const secretFragments = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'token',
  'cookie',
  'authorization',
  'apikey',
  'credential',
  'email',
  'cardnumber',
  'creditcard',
  'privatekey',
];
/** Names that are secret only as the whole name: `card` also begins `cardinality`. */
const secretNames = new Set(['card', 'pan', 'cvv', 'cvc', 'pin', 'pwd', 'jwt', 'auth', 'routingkey']);

function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return secretNames.has(plain) || secretFragments.some((fragment) => plain.includes(fragment));
}

const emailAddress = /[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}\b/gi;
const bearer = /\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi;
const jsonWebToken = /\beyJ[\w-]{4,}\.[\w-]{4,}\.[\w-]*/g;
const urlPassword = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@]{0,128}:)[^\s@/]{1,256}@/gi;
const assignment =
  /\b(password|passwd|secret|token|api[-_]?key|cookie|authorization)(["']?\s*[=:]\s*["']?)[^\s"'&,;}]+/gi;
const cardNumber = /(?<![\w.-])[2-6](?:[ -]?\d){12,18}(?![\w-]|\.\d)/g;

/** The check digit of card numbers (ISO/IEC 7812-1, annex B): it spares most long numbers that are none. */
function isCardNumber(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    let digit = Number(digits[digits.length - 1 - index]);
    if (index % 2 === 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0;
}

/** Removes what looks like a secret from free text: messages, stacks, URLs. */
export function redactText(text: string): string {
  let clean = text.length > maxStringLength ? `${text.slice(0, maxStringLength)}… (cut)` : text;
  // Each pattern is asked only where its own mark stands: most log strings hold none of them.
  if (clean.includes('@'))
    clean = clean.replace(urlPassword, `$1${redacted}@`).replace(emailAddress, redacted);
  if (clean.includes('eyJ')) clean = clean.replace(jsonWebToken, redacted);
  if (/[=: ]/.test(clean)) {
    clean = clean.replace(bearer, `$1 ${redacted}`).replace(assignment, `$1$2${redacted}`);
  }
  if (/\d/.test(clean))
    clean = clean.replace(cardNumber, (match) => (isCardNumber(match) ? redacted : match));
  return clean;
}

/** A copy without secrets, at any depth; cycles and oversized structures are cut, errors become plain objects. */
export function redact(value: unknown, depth = 0, ancestors: readonly object[] = []): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return redactText(String(value));
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && value >= 1e12
      ? redactText(String(value)) === redacted
        ? redacted
        : value
      : value;
  }
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Buffer.isBuffer(value) || ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (ancestors.includes(value)) return '[circular]';
  if (depth >= maxDepth) return '[too deep]';
  const path = [...ancestors, value];
  if (Array.isArray(value)) {
    const items = value.slice(0, maxEntries).map((item) => redact(item, depth + 1, path));
    if (value.length > maxEntries) items.push(`… ${value.length - maxEntries} more`);
    return items;
  }
  const entries: [string, unknown][] =
    value instanceof Error
      ? [
          ['name', value.name],
          ['message', value.message],
          ['stack', value.stack],
          ...(value.cause === undefined ? [] : [['cause', value.cause] as [string, unknown]]),
          ...Object.entries(value),
        ]
      : value instanceof Map
        ? [...value].map(([key, item]) => [String(key), item])
        : value instanceof Set
          ? [['values', [...value]]]
          : Object.entries(value);
  const clean: Record<string, unknown> = {};
  for (const [name, item] of entries.slice(0, maxEntries)) {
    clean[redactText(name)] =
      isSecretName(name) && item !== undefined && item !== null ? redacted : redact(item, depth + 1, path);
  }
  return clean;
}
