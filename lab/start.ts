import { openFilesLimit, tooFewFiles } from './process/open-files.ts';

// Built as dist/lab/main.js. Before anything else is loaded: the program and its packages are more files than a small limit lets Node open.
const limit = openFilesLimit();
if (limit !== undefined && limit < tooFewFiles.wanted) {
  process.stderr.on('error', () => {});
  process.stderr.write(`${tooFewFiles.code}: ${tooFewFiles.message(limit)}\n`, () => process.exit(2));
} else {
  await import('./main.ts');
}
