import { relative } from 'node:path';
import type { Reporter, TestModule, Vitest } from 'vitest/node';

/**
 * Says at the end of a run what it left out, one line a file: a test that is skipped, for want of a tool or of a kind of
 * machine, must not be lost among those that passed. Silent where tests were chosen by name.
 */
export default class NotRunReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.#vitest?.config.testNamePattern !== undefined) return;
    for (const line of notRunLines(modules)) console.log(line);
  }
}

/** `not run: <file>: <how many> of its tests (<the first one's name>)` */
export function notRunLines(modules: readonly TestModule[]): string[] {
  return modules.flatMap((module) => {
    const all = [...module.children.allTests()];
    const skipped = all.filter((test) => test.result().state === 'skipped');
    const [first] = skipped;
    if (first === undefined) return [];
    const file = relative(process.cwd(), module.moduleId);
    return [`not run: ${file}: ${skipped.length} of ${all.length} tests (${first.fullName})`];
  });
}
