import { runServer } from '../http/run-server.ts';
import { parseFlags } from './flags.ts';
import { startPrometheus } from './server.ts';

/** Runs the server; `file` is the program that also answers heavy queries in threads. */
export function runPrometheus(file: string): void {
  void runServer('prometheus', () => startPrometheus(parseFlags(process.argv.slice(2)), { file }));
}
