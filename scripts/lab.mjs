// `npm run lab`: makes the clone ready, then is the program. One file and one process, because npm leaves out pre-scripts
// where `ignore-scripts` is set, and because a signal to npm has to reach the program.
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import './setup.mjs';

const main = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'lab', 'main.js');
// What the program starts again later (the traffic) needs no setup.
process.argv[1] = main;
await import(pathToFileURL(main));
