import { BlockList, isIP } from 'node:net';

const candidate =
  /(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?:(?:\d{1,3}\.){3}\d{1,3})?/g;

/** Compiles `192.168.0.1`, `192.168.4.5-192.168.4.20` or `192.168.0.0/16` (or v6). Throws in Loki's words. */
export function parseIpRange(pattern: string): (address: string) => boolean {
  const invalid = (): Error => new Error(`ip: invalid pattern: ${JSON.stringify(pattern)}`);
  const list = new BlockList();
  const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
  try {
    if (isIP(pattern) !== 0) list.addAddress(pattern, family(pattern));
    else if (pattern.includes('-')) {
      const [from, to, more] = pattern.split('-');
      if (more !== undefined || isIP(from!) === 0 || isIP(from!) !== isIP(to!)) throw invalid();
      list.addRange(from!, to!, family(from!));
    } else if (pattern.includes('/')) {
      const [network, bits, more] = pattern.split('/');
      if (more !== undefined || isIP(network!) === 0 || !/^\d{1,3}$/.test(bits!)) throw invalid();
      list.addSubnet(network!, Number(bits), family(network!));
    } else throw invalid();
  } catch {
    throw invalid();
  }
  return (address) => isIP(address) !== 0 && list.check(address, family(address));
}

/** Whether any address written in the text lies in the range. */
export function textHasAddress(text: string, contains: (address: string) => boolean): boolean {
  for (const [address] of text.matchAll(candidate)) if (contains(address)) return true;
  return false;
}
