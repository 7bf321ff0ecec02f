import { defineFault, type ServiceFault } from '../service-fault.ts';

const mebibyte = 1_048_576;
const leakTickMs = 200;
const burnSliceMs = 20;

/** Faults that strike the process itself: its memory, its processor, its event loop. */
export const processFaults: readonly ServiceFault[] = [
  defineFault('memory-leak', ({ mebibytesPerSecond, maxMebibytes }) => {
    const kept: Buffer[] = [];
    const startedAt = Date.now();
    const timer = setInterval(() => {
      const wanted = Math.min(maxMebibytes, ((Date.now() - startedAt) / 1_000) * mebibytesPerSecond);
      // Filled, because untouched pages would not count as resident.
      while (kept.length + 1 <= wanted) kept.push(Buffer.alloc(mebibyte, 1));
    }, leakTickMs).unref();
    return () => {
      clearInterval(timer);
      kept.length = 0;
    };
  }),
  defineFault('cpu-burn', ({ utilization }) => {
    let timer: NodeJS.Timeout;
    const slice = () => {
      block(burnSliceMs * utilization);
      timer = setTimeout(slice, burnSliceMs * (1 - utilization)).unref();
    };
    timer = setTimeout(slice, 0).unref();
    return () => clearTimeout(timer);
  }),
  defineFault('event-loop-block', ({ blockMs, everyMs }) => {
    let timer: NodeJS.Timeout;
    const strike = () => {
      block(blockMs);
      timer = setTimeout(strike, everyMs).unref();
    };
    timer = setTimeout(strike, everyMs).unref();
    return () => clearTimeout(timer);
  }),
];

/** Keeps the only thread busy: nothing else runs meanwhile. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
