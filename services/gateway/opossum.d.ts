/** What the gateway uses of opossum, which ships no types. */
declare module 'opossum' {
  import type { EventEmitter } from 'node:events';

  interface Options {
    timeout?: number | false;
    errorThresholdPercentage?: number;
    resetTimeout?: number;
    rollingCountTimeout?: number;
    rollingCountBuckets?: number;
    rollingPercentilesEnabled?: boolean;
    volumeThreshold?: number;
    errorFilter?: (error: unknown) => boolean;
  }

  export default class CircuitBreaker<Arguments extends unknown[], Result> extends EventEmitter {
    constructor(action: (...parts: Arguments) => Promise<Result>, options?: Options);
    fire(...parts: Arguments): Promise<Result>;
    readonly opened: boolean;
    readonly halfOpen: boolean;
    readonly closed: boolean;
    /** Half-open, and the one trial request has not been sent yet. */
    readonly pendingClose: boolean;
    shutdown(): void;
  }
}
