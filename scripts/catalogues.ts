import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogues } from './catalogues/all.ts';

/** Writes the catalogues of metrics, alerts, faults and commands anew from what defines them. */
const root = join(import.meta.dirname, '..');
for (const [path, content] of await catalogues(root)) {
  writeFileSync(join(root, path), content);
  console.log(`Written: ${path}`);
}
process.exit(0);
