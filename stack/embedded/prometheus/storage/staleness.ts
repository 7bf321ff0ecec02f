/**
 * The staleness marker is one particular NaN (bits 0x7ff0000000000002, prometheus/model/value). JavaScript may
 * canonicalise a NaN that passes through a variable, so markers are written and recognised by their bits, in place.
 */
const lowWord = 0x00000002;
const highWord = 0x7ff00000;
const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
const views = new WeakMap<ArrayBufferLike, Uint32Array>();

function words(values: Float64Array): Uint32Array {
  let view = views.get(values.buffer);
  if (view === undefined) {
    view = new Uint32Array(values.buffer, 0, values.buffer.byteLength >> 2);
    views.set(values.buffer, view);
  }
  return view;
}

/** Whether the sample at `index` is a staleness marker. */
export function isStaleMarker(values: Float64Array, index: number): boolean {
  if (!Number.isNaN(values[index])) return false;
  const view = words(values);
  const at = (values.byteOffset >> 2) + index * 2;
  return littleEndian
    ? view[at] === lowWord && view[at + 1] === highWord
    : view[at] === highWord && view[at + 1] === lowWord;
}

/** Writes a staleness marker at `index`. */
export function setStaleMarker(values: Float64Array, index: number): void {
  const view = words(values);
  const at = (values.byteOffset >> 2) + index * 2;
  view[at] = littleEndian ? lowWord : highWord;
  view[at + 1] = littleEndian ? highWord : lowWord;
}
