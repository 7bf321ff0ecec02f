/** `npm run conformance -- <suite> <files or folder>`: each suite stands in its own file beside this one. */
interface Suite {
  run(paths: readonly string[]): Promise<Outcome>;
}

export interface Outcome {
  readonly passed: number;
  readonly failures: readonly string[];
  readonly skipped: number;
}

const suites = ['promql', 'prometheus', 'alertmanager', 'logql', 'jaeger'];
const [name = '', ...paths] = process.argv.slice(2);
if (!suites.includes(name) || paths.length === 0) {
  console.error(`usage: npm run conformance -- ${suites.join('|')} <files or folder>`);
  process.exit(2);
}
const suite = (await import(`./${name}.ts`)) as Suite;
const { passed, failures, skipped } = await suite.run(paths);
for (const failure of failures) console.log(failure);
console.log(`${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failures.length > 0 || passed === 0 ? 1 : 0);
