// The first import of every main.ts: tracing must stand before express and pg are loaded.
import { environmentSchema, requireEnvironment } from './environment.ts';
import { startTracing } from './tracing.ts';

export const environment = requireEnvironment(environmentSchema);
export const tracing = startTracing(environment);
