/** `npm run conformance -- <suite> <files or folder>`: each suite stands in its own file beside this one. */
import { exitCode, type Outcome, reportLines } from './tally.ts';

interface Suite {
  run(paths: readonly string[]): Promise<Outcome>;
}

const suites = ['promql', 'prometheus', 'alertmanager', 'logql', 'jaeger'];
const [name = '', ...paths] = process.argv.slice(2);
if (!suites.includes(name) || paths.length === 0) {
  console.error(`usage: npm run conformance -- ${suites.join('|')} <files or folder>`);
  process.exit(2);
}
const suite = (await import(`./${name}.ts`)) as Suite;
const outcome = await suite.run(paths);
for (const line of reportLines(outcome)) console.log(line);
process.exit(exitCode(outcome));
