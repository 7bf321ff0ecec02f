export { GoDuration } from './go-duration.ts';
export { GoTime } from './go-time.ts';
export { type Instant, instantOfMilliseconds } from './instant.ts';
export { parseGoTime } from './parse.ts';
export { isTimeZone } from './zone.ts';
