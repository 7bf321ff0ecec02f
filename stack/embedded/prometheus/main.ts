import { runServer } from '../http/run-server.ts';
import { parseFlags } from './flags.ts';
import { startPrometheus } from './server.ts';

void runServer('prometheus', () => startPrometheus(parseFlags(process.argv.slice(2))));
