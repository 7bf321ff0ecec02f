const offsetBasis = 0xcbf2_9ce4_8422_2325n;
const prime = 0x100_0000_01b3n;

/**
 * FNV-1a (64 bits) of the salt and the trace ID's bytes: the collector's hash, so that the same traces are kept by
 * the real and the embedded processor.
 */
export function traceIdHash(salt: string, traceId: string): bigint {
  let hash = offsetBasis;
  for (const byte of Buffer.from(salt === '' ? 'default-hash-seed' : salt)) hash = step(hash, byte);
  for (const byte of Buffer.from(traceId, 'hex')) hash = step(hash, byte);
  return hash;
}

function step(hash: bigint, byte: number): bigint {
  return BigInt.asUintN(64, (hash ^ BigInt(byte)) * prime);
}
