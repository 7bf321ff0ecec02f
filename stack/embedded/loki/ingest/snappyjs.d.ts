declare module 'snappyjs' {
  interface Snappy {
    uncompress(compressed: Uint8Array, maxLength?: number): Uint8Array;
    compress(bytes: Uint8Array): Uint8Array;
  }
  const snappy: Snappy;
  export default snappy;
}
